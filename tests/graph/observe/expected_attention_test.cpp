#include "observe/expected_attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "observe/query_statistics.h"
#include "support/random_cache.h"
#include "tensor/workspace.h"

namespace infinipot {
namespace {

using Numbers = std::vector<double>;

struct Variant {
    const char* name;
    Rotation rotation;
    int n_embd_head, n_head, n_head_kv, first;
    ggml_type type = GGML_TYPE_F16;
    enum { none, fixed, turning } centres = none;
};

std::ostream& operator<<(std::ostream& out, const Variant& variant) { return out << variant.name; }

constexpr int n_queries = 40, n_kv = 37, capacity = 48;

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// Expected Attention, Eq. 6 to 8, with matrices that are written out.
class Plain {
   public:
    explicit Plain(const Variant& v) : v_(v), d_(size(v.n_embd_head)), rotation_(d_ * d_) {
        for (std::size_t i = 0; i < d_; ++i) rotation_[i * d_ + i] = 1;
        for (int pair = 0; pair < v.rotation.n_rot / 2; ++pair) {
            const bool halves = v.rotation.mode == GGML_ROPE_TYPE_NEOX;
            const std::size_t a = size(halves ? pair : 2 * pair);
            const std::size_t b = a + size(halves ? v.rotation.n_rot / 2 : 1);
            double cosine = 0, sine = 0;
            for (int p = n_kv; p < n_kv + 512; ++p) {
                const double angle = p * std::pow(static_cast<double>(v.rotation.freq_base),
                                                  -2.0 * pair / v.rotation.n_rot);
                cosine += std::cos(angle) / 512;
                sine += std::sin(angle) / 512;
            }
            rotation_[a * d_ + a] = rotation_[b * d_ + b] = cosine;
            rotation_[a * d_ + b] = -sine;
            rotation_[b * d_ + a] = sine;
        }
    }

    /// R x.
    Numbers rotated(const Numbers& x) const {
        Numbers y(d_);
        for (std::size_t i = 0; i < d_; ++i) {
            for (std::size_t j = 0; j < d_; ++j) y[i] += rotation_[i * d_ + j] * x[j];
        }
        return y;
    }

    /// R S R^T.
    Numbers rotated_matrix(const Numbers& s) const {
        Numbers y(d_ * d_);
        for (std::size_t i = 0; i < d_; ++i) {
            for (std::size_t j = 0; j < d_; ++j) {
                for (std::size_t k = 0; k < d_; ++k) {
                    for (std::size_t l = 0; l < d_; ++l) {
                        y[i * d_ + j] +=
                            rotation_[i * d_ + k] * s[k * d_ + l] * rotation_[j * d_ + l];
                    }
                }
            }
        }
        return y;
    }

    /// One row per KV head, of the entries from `first` on. queries: [n_queries][n_head][d].
    Numbers attention(const std::vector<float>& queries, const KvCache& cache) const {
        Numbers expected;
        const int n_group = v_.n_head / v_.n_head_kv;
        for (int head_kv = 0; head_kv < v_.n_head_kv; ++head_kv) {
            Numbers sum(size(n_kv - v_.first));
            for (int head = head_kv * n_group; head < (head_kv + 1) * n_group; ++head) {
                const Numbers p = of_head(queries, size(head), cache, head_kv);
                for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += p[i] / n_group;
            }
            expected.insert(expected.end(), sum.begin(), sum.end());
        }
        return expected;
    }

   private:
    Numbers of_head(const std::vector<float>& queries, std::size_t head, const KvCache& cache,
                    int head_kv) const {
        Numbers mean(d_), covariance(d_ * d_);
        const auto q = [&](std::size_t t, std::size_t i) {
            return static_cast<double>(queries[(t * size(v_.n_head) + head) * d_ + i]);
        };
        for (std::size_t t = 0; t < n_queries; ++t) {
            for (std::size_t i = 0; i < d_; ++i) mean[i] += q(t, i) / n_queries;
        }
        for (std::size_t t = 0; t < n_queries; ++t) {
            for (std::size_t i = 0; i < d_; ++i) {
                for (std::size_t j = 0; j < d_; ++j) {
                    covariance[i * d_ + j] += (q(t, i) - mean[i]) * (q(t, j) - mean[j]) / n_queries;
                }
            }
        }
        mean = rotated(mean);
        covariance = rotated_matrix(covariance);
        Numbers p;
        double total = 0;
        for (int slot = v_.first; slot < n_kv; ++slot) {
            std::vector<float> k = row(cache, cache.rotated_keys(0), head_kv, slot);
            cache.key_centres().add_rotated(0, head_kv, slot, k);  // key_centres_test checks it
            double linear = 0, square = 0;
            for (std::size_t i = 0; i < d_; ++i) {
                linear += mean[i] * static_cast<double>(k[i]);
                for (std::size_t j = 0; j < d_; ++j) {
                    square += static_cast<double>(k[i]) * covariance[i * d_ + j] *
                              static_cast<double>(k[j]);
                }
            }
            const auto n = static_cast<double>(d_);
            p.push_back(std::exp(linear / std::sqrt(n) + square / (2 * n)));
            total += p.back();
        }
        for (double& each : p) each /= total;
        return p;
    }

    Variant v_;
    std::size_t d_;
    Numbers rotation_;  // [d][d], the mean of the next 512 positions
};

class ExpectedAttentionTest : public testing::TestWithParam<Variant> {
   protected:
    ExpectedAttentionTest()
        : v_(GetParam()),
          d_(size(v_.n_embd_head)),
          backend_(2),
          shape_{1, v_.n_head_kv, v_.n_embd_head, capacity, false, v_.type},
          cache_(shape_, backend_.buffer_type()),
          table_(v_.rotation, v_.n_embd_head, n_kv + n_future_positions, backend_) {
        append_random(cache_, n_kv, 3);
        if (v_.centres != Variant::none) set_centres();
        queries_ = normal_numbers(n_queries * v_.n_head * v_.n_embd_head, 1);
        for (std::size_t i = 0; i < queries_.size(); ++i) {
            queries_[i] = 1.5f * queries_[i] + static_cast<float>(i % 7) / 4;
        }
    }

    void set_centres() {
        std::vector<float> bias = normal_numbers(v_.n_embd_head * v_.n_head_kv, 8);
        for (float& x : bias) x *= 3;
        const auto table =
            std::make_shared<const RotationTable>(v_.rotation, v_.n_embd_head, capacity, backend_);
        KeyCentres centres(shape_);
        if (v_.centres == Variant::fixed) {
            centres.set(0, bias, MeanRotation(*table, 0, capacity));
        } else {
            centres.set_turning(0, bias, table);
        }
        cache_.set_key_centres(std::move(centres));
    }

    QueryStatistics statistics() {
        QueryStatistics statistics(shape_, v_.n_head, backend_.buffer_type());
        SmallGraph data(4 << 20);
        ggml_cgraph* graph = ggml_new_graph(data.context());
        AttentionInputs inputs{};
        inputs.unrotated_queries =
            data.input(GGML_TYPE_F32, {v_.n_embd_head, v_.n_head, n_queries}, queries_);
        statistics.hook(data.context(), graph, 0)(0, inputs);
        backend_.compute(graph);
        statistics.commit(n_queries);
        return statistics;
    }

    Variant v_;
    std::size_t d_;
    Backend backend_;
    CacheShape shape_;
    KvCache cache_;
    RotationTable table_;
    std::vector<float> queries_;
};

TEST_P(ExpectedAttentionTest, Rotates_mean_and_covariance_by_the_mean_of_the_next_rotations) {
    std::vector<float> mean = normal_numbers(v_.n_head * v_.n_embd_head, 5);
    std::vector<float> covariance = normal_numbers(v_.n_head * v_.n_embd_head * v_.n_embd_head, 6);
    const Plain plain(v_);
    Numbers means, covariances;
    for (std::size_t at = 0; at < mean.size(); at += d_) {
        const auto turned = plain.rotated({mean.begin() + static_cast<std::ptrdiff_t>(at),
                                           mean.begin() + static_cast<std::ptrdiff_t>(at + d_)});
        means.insert(means.end(), turned.begin(), turned.end());
    }
    for (std::size_t at = 0; at < covariance.size(); at += d_ * d_) {
        const auto turned =
            plain.rotated_matrix({covariance.begin() + static_cast<std::ptrdiff_t>(at),
                                  covariance.begin() + static_cast<std::ptrdiff_t>(at + d_ * d_)});
        covariances.insert(covariances.end(), turned.begin(), turned.end());
    }

    rotate_to_future(table_, n_kv, v_.n_embd_head, mean, covariance);

    EXPECT_LT(normalized_error(mean, means), 1e-10);
    EXPECT_LT(normalized_error(covariance, covariances), 1e-10);
}

TEST_P(ExpectedAttentionTest, Equals_plain_arithmetic) {
    std::vector<float> mean(size(v_.n_head) * d_), covariance(mean.size() * d_);
    const QueryStatistics measured = statistics();
    measured.mean(0, mean);
    measured.covariance(0, covariance);
    rotate_to_future(table_, n_kv, v_.n_embd_head, mean, covariance);

    constexpr std::size_t max_nodes = 64;
    Workspace workspace(backend_, max_nodes);
    ExpectedAttentionInputs inputs{};
    ggml_tensor* result = nullptr;
    const auto build = [&](ggml_context* context, ggml_cgraph* graph) {
        result = build_expected_attention(
            context, cache_, 0, v_.first, n_kv, v_.n_head,
            1 / std::sqrt(static_cast<float>(cache_.shape().n_embd_head)), nullptr, inputs);
        ggml_set_output(result);
        ggml_build_forward_expand(graph, result);
    };
    workspace.reserve(build);
    const Workspace::Use use = workspace.prepare(build);
    ggml_backend_tensor_set(inputs.mean, mean.data(), 0, ggml_nbytes(inputs.mean));
    ggml_backend_tensor_set(inputs.covariance, covariance.data(), 0,
                            ggml_nbytes(inputs.covariance));
    workspace.compute();
    ASSERT_EQ(result->ne[0], n_kv - v_.first);
    ASSERT_EQ(result->ne[1], v_.n_head_kv);
    std::vector<float> got(static_cast<std::size_t>(ggml_nelements(result)));
    ggml_backend_tensor_get(result, got.data(), 0, ggml_nbytes(result));

    EXPECT_LT(normalized_error(got, Plain(v_).attention(queries_, cache_)), 1e-9);
}

INSTANTIATE_TEST_SUITE_P(
    Variants, ExpectedAttentionTest,
    testing::Values(
        Variant{"norm", {.n_rot = 16}, 16, 2, 2, 0},
        Variant{"neox", {.n_rot = 16, .mode = GGML_ROPE_TYPE_NEOX}, 16, 2, 2, 4},
        Variant{"groups", {.n_rot = 16}, 16, 6, 2, 4},
        Variant{"one_kv_head", {.n_rot = 32}, 32, 3, 1, 1},
        Variant{"bf16", {.n_rot = 32}, 32, 4, 2, 3, GGML_TYPE_BF16},
        Variant{"q8_0", {.n_rot = 32}, 32, 4, 2, 3, GGML_TYPE_Q8_0},
        Variant{"q4_0", {.n_rot = 32}, 32, 4, 2, 3, GGML_TYPE_Q4_0},
        Variant{"fixed_centres", {.n_rot = 32}, 32, 4, 2, 3, GGML_TYPE_Q8_0, Variant::fixed},
        Variant{"turning_centres",
                {.n_rot = 32, .mode = GGML_ROPE_TYPE_NEOX},
                32,
                4,
                2,
                3,
                GGML_TYPE_Q4_0,
                Variant::turning},
        Variant{"norm_of_a_part", {.n_rot = 12}, 16, 4, 2, 3},
        Variant{"neox_of_a_part", {.n_rot = 8, .mode = GGML_ROPE_TYPE_NEOX}, 16, 4, 2, 36}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace infinipot
