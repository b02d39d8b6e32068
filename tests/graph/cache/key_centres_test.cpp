#include "cache/key_centres.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "observe/entry_geometry.h"
#include "support/random_cache.h"

namespace infinipot {
namespace {

class KeyCentresTest : public testing::TestWithParam<ggml_type> {
   protected:
    static constexpr int d = 64, n_rot = 48, n_head_kv = 2, capacity = 40, n = 30;

    KeyCentresTest()
        : table_(std::make_shared<const RotationTable>(
              Rotation{.n_rot = n_rot, .mode = GGML_ROPE_TYPE_NEOX}, d, capacity, backend_)),
          cache_(shape_, backend_.buffer_type()),
          bias_(normal_numbers(d * n_head_kv, 7)) {
        for (float& x : bias_) x *= 20;
    }

    /// Layer 0 has centres that do not turn, layer 1 has some that do, and layer 2 has none.
    void set_centres() {
        KeyCentres centres(shape_);
        centres.set(0, bias_, MeanRotation(*table_, 0, capacity));
        centres.set_turning(1, bias_, table_);
        cache_.set_key_centres(std::move(centres));
    }

    std::vector<double> rotated_bias(int head, int position) const {
        return rotated(bias_.data() + head * d, position);
    }

    static std::vector<double> rotated(const float* b, int position) {
        std::vector<double> y(b, b + d);
        for (int i = 0; i < n_rot / 2; ++i) {
            const double angle = position * std::pow(10000.0, -2.0 * i / n_rot);
            const double first = b[i], second = b[i + n_rot / 2];
            y[static_cast<std::size_t>(i)] = first * std::cos(angle) - second * std::sin(angle);
            y[static_cast<std::size_t>(i + n_rot / 2)] =
                first * std::sin(angle) + second * std::cos(angle);
        }
        return y;
    }

    /// What the cache subtracts from the rotated key in a slot.
    std::vector<double> centre(int il, int head, int slot) const {
        if (il == 2) return std::vector<double>(d, 0.0);
        if (il == 1) return rotated_bias(head, slot);
        std::vector<double> mean(d, 0.0);
        for (int p = 0; p < capacity; ++p) {
            const auto at = rotated_bias(head, p);
            for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += at[i] / capacity;
        }
        return mean;
    }

    std::vector<float> with_centre(int il, int head, int slot) const {
        std::vector<float> key = row(cache_, cache_.rotated_keys(il), head, slot);
        const auto added = centre(il, head, slot);
        for (std::size_t i = 0; i < key.size(); ++i) key[i] += static_cast<float>(added[i]);
        return key;
    }

    const CacheShape shape_{.n_layer = 3,
                            .n_head_kv = n_head_kv,
                            .n_embd_head = d,
                            .capacity = capacity,
                            .type = GetParam()};
    Backend backend_{1};
    std::shared_ptr<const RotationTable> table_;
    KvCache cache_;
    std::vector<float> bias_;
};

INSTANTIATE_TEST_SUITE_P(Types, KeyCentresTest, testing::Values(GGML_TYPE_Q8_0, GGML_TYPE_Q4_0),
                         type_name);

TEST_P(KeyCentresTest, Are_added_to_the_rotated_keys_of_consecutive_slots) {
    append_random(cache_, n);
    set_centres();
    constexpr int first = 5;
    for (int il = 0; il < shape_.n_layer; ++il) {
        SmallGraph graph(1 << 20);
        ggml_tensor* pot = cache_.rotated_keys(il);
        ggml_tensor* view = ggml_view_3d(graph.context(), pot, d, n - first, n_head_kv, pot->nb[1],
                                         pot->nb[2], first * pot->nb[1]);
        const std::vector<float> got =
            graph.compute(cache_.key_centres().load_rotated(graph.context(), view, il), 2);
        std::vector<float> expected, alone;
        for (int head = 0; head < n_head_kv; ++head) {
            for (int slot = first; slot < n; ++slot) {
                const auto key = with_centre(il, head, slot);
                expected.insert(expected.end(), key.begin(), key.end());
                auto x = row(cache_, pot, head, slot);
                cache_.key_centres().add_rotated(il, head, slot, x);
                alone.insert(alone.end(), x.begin(), x.end());
            }
        }
        EXPECT_LT(normalized_error(got, expected), 1e-11) << il;
        EXPECT_LT(normalized_error(alone, expected), 1e-11) << il;
    }
}

/// What the mean leaves is orthogonal to it on the average, so that no other constant leaves less.
TEST_P(KeyCentresTest, Leave_less_of_a_turning_bias_than_any_other_constant) {
    set_centres();
    const KeyCentre chosen = cache_.key_centres().of_head(0, 1);
    const auto left = [&](double factor) {
        double sum = 0;
        for (int p = 0; p < capacity; ++p) {
            const auto turned = rotated_bias(1, p);
            for (std::size_t i = 0; i < turned.size(); ++i) {
                const double c = factor * static_cast<double>(chosen.rotated_key[i]);
                sum += (turned[i] - c) * (turned[i] - c);
            }
        }
        return sum;
    };
    EXPECT_LT(left(1), left(0.99));
    EXPECT_LT(left(1), left(1.01));
    EXPECT_LT(left(1), 0.7 * left(0));
}

TEST_P(KeyCentresTest, Count_in_norms_and_similarities_of_keys) {
    append_random(cache_, n);
    set_centres();
    for (int il = 0; il < shape_.n_layer; ++il) {
        for (int head = 0; head < n_head_kv; ++head) {
            std::vector<float> norms(n), cosines(n), expected_norms, expected_cosines;
            key_norms(cache_, il, head, norms);
            key_similarities(cache_, il, head, cosines);
            std::vector<std::vector<double>> directions;
            std::vector<double> anchor(d, 0.0);
            for (int slot = 0; slot < n; ++slot) {
                const auto key = row(cache_, cache_.keys(il), head, slot);
                double square = 0, rotated_square = 0;
                for (std::size_t i = 0; i < key.size(); ++i) {
                    const float b = il == 2 ? 0 : bias_[static_cast<std::size_t>(head) * d + i];
                    square += std::pow(static_cast<double>(key[i] + b), 2);
                }
                expected_norms.push_back(static_cast<float>(std::sqrt(square)));
                const auto rotated = with_centre(il, head, slot);
                for (const float x : rotated) rotated_square += std::pow(static_cast<double>(x), 2);
                directions.emplace_back(rotated.begin(), rotated.end());
                for (std::size_t i = 0; i < anchor.size(); ++i) {
                    directions.back()[i] /= std::sqrt(rotated_square);
                    anchor[i] += directions.back()[i];
                }
            }
            double length = 0;
            for (const double x : anchor) length += x * x;
            for (const auto& direction : directions) {
                double cosine = 0;
                for (std::size_t i = 0; i < anchor.size(); ++i) cosine += direction[i] * anchor[i];
                expected_cosines.push_back(static_cast<float>(cosine / std::sqrt(length)));
            }
            EXPECT_LT(normalized_error(norms, expected_norms), 1e-11) << il;
            EXPECT_LT(normalized_error(cosines, expected_cosines), 1e-11) << il;
        }
    }
}

/// A key that moves is rotated from the stored key and its bias.
TEST_P(KeyCentresTest, Stay_outside_of_a_key_that_is_rotated_again) {
    set_centres();
    const KeyCentre of_head = cache_.key_centres().of_head(0, 1);
    std::vector<float> key = normal_numbers(d, 3);
    for (int i = 0; i < d; ++i) key[static_cast<std::size_t>(i)] += of_head.key[i];
    const std::vector<double> expected = rotated(key.data(), 17);
    std::vector<float> got(d), scratch(d);
    const std::size_t bytes = ggml_row_size(GetParam(), d);
    std::vector<std::byte> stored(bytes), copy(bytes);
    store_row(GetParam(), key, stored.data(), of_head.key);
    table_->rotate(GetParam(), stored.data(), 17, copy.data(), scratch, of_head);
    load_row(GetParam(), copy.data(), got, of_head.rotated_key);
    // The keys are about 160 long. Rounded with their bias they would be off by 1e-2 in Q4_0.
    EXPECT_LT(normalized_error(got, expected), GetParam() == GGML_TYPE_Q4_0 ? 3e-3 : 1e-5);
}

}  // namespace
}  // namespace infinipot
