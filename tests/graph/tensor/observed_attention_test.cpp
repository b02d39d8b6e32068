#include "tensor/kernels/attention/observed_attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support/kernel_test.h"
#include "tensor/kernels/attention/single_query.h"

namespace infinipot {
namespace {

struct Shape {
    std::int64_t n_embd_head, n_head, n_head_kv, n_tokens, n_kv, capacity;
};

class ObservedAttentionOf : public testing::TestWithParam<Shape> {
   protected:
    void expect_equal(bool with_sinks) const;
};

TEST_P(ObservedAttentionOf, Equals_a_plain_softmax_for_any_number_of_threads) {
    expect_equal(false);
}

TEST_P(ObservedAttentionOf, Equals_a_plain_softmax_with_sinks) { expect_equal(true); }

/// ggml's operations on the same numbers, with all probabilities written out.
void ObservedAttentionOf::expect_equal(bool with_sinks) const {
    const Shape s = GetParam();
    if (!kernels::single_query_supported(GGML_TYPE_F16, static_cast<int>(s.n_embd_head)))
        GTEST_SKIP() << "this CPU has no kernel";
    const std::int64_t d = s.n_embd_head, group = s.n_head / s.n_head_kv;
    const float scale = 0.2f;
    SmallGraph graph(64 << 20);
    ggml_context* ctx = graph.context();
    const auto halves = [](const std::vector<float>& numbers) {
        std::vector<ggml_fp16_t> out;
        for (const float x : numbers) out.push_back(ggml_fp32_to_fp16(x));
        return out;
    };
    ggml_tensor* q = graph.input(GGML_TYPE_F32, {d, s.n_head, s.n_tokens},
                                 normal_numbers(d * s.n_head * s.n_tokens, 1));
    const auto entries = [&](unsigned seed) {
        ggml_tensor* pot = graph.input(GGML_TYPE_F16, {d, s.capacity, s.n_head_kv},
                                       halves(normal_numbers(d * s.capacity * s.n_head_kv, seed)));
        return ggml_view_3d(ctx, pot, d, s.n_kv, s.n_head_kv, pot->nb[1], pot->nb[2], 0);
    };
    ggml_tensor *k = entries(2), *v = entries(3);
    std::vector<float> mask;
    for (std::int64_t t = 0; t < s.n_tokens; ++t) {
        for (std::int64_t j = 0; j < s.n_kv; ++j) {
            mask.push_back(j <= s.n_kv - s.n_tokens + t ? 0
                                                        : -std::numeric_limits<float>::infinity());
        }
    }
    ggml_tensor* k32 = ggml_cast(ctx, k, GGML_TYPE_F32);
    ggml_tensor* p = ggml_mul_mat(ctx, k32, ggml_permute(ctx, q, 0, 2, 1, 3));
    p = ggml_soft_max_ext(ctx, p, graph.input(GGML_TYPE_F32, {s.n_kv, s.n_tokens}, mask), scale, 0);
    ggml_tensor* sinks =
        with_sinks ? graph.input(GGML_TYPE_F32, {s.n_head}, normal_numbers(s.n_head, 4)) : nullptr;
    ggml_soft_max_add_sinks(p, sinks);
    const std::vector<float> probabilities = graph.compute(p, 1);  // [n_head][T][n_kv]
    ggml_tensor* v32 = ggml_cont(ctx, ggml_transpose(ctx, ggml_cast(ctx, v, GGML_TYPE_F32)));
    ggml_tensor* attended =
        ggml_cont(ctx, ggml_permute(ctx, ggml_mul_mat(ctx, v32, p), 0, 2, 1, 3));
    const std::vector<float> expected = graph.compute(attended, 1);
    std::vector<float> expected_mass(static_cast<std::size_t>(s.n_head_kv * s.n_kv));
    for (std::size_t i = 0; i < probabilities.size(); ++i) {
        const auto at = static_cast<std::int64_t>(i);
        const std::int64_t head_kv = at / (s.n_kv * s.n_tokens) / group;
        expected_mass[static_cast<std::size_t>(head_kv * s.n_kv + at % s.n_kv)] +=
            probabilities[i] / static_cast<float>(group);
    }

    std::vector<float> first;
    for (const int n_threads : {1, 2, 3}) {
        ggml_tensor* mass = graph.input(
            GGML_TYPE_F32, {s.capacity, s.n_head_kv},
            std::vector<float>(static_cast<std::size_t>(s.capacity * s.n_head_kv), -7.0f));
        const auto ours = kernels::observed_attention(ctx, q, k, v, scale, mass, sinks);
        const std::vector<float> out = graph.compute(ours.attended, n_threads);
        EXPECT_LT(normalized_error(out, expected), 1e-9);
        if (first.empty()) first = out;
        EXPECT_EQ(out, first);

        const std::vector<float> sums = graph.compute(ours.mass, n_threads);
        std::vector<float> written;
        for (std::int64_t h = 0; h < s.n_head_kv; ++h) {
            const auto row = sums.begin() + h * s.capacity;
            written.insert(written.end(), row, row + s.n_kv);
            for (auto rest = row + s.n_kv; rest != row + s.capacity; ++rest) {
                ASSERT_EQ(*rest, -7.0f) << "what lies behind the entries";
            }
        }
        EXPECT_LT(normalized_error(written, expected_mass), 1e-9);
    }
}

INSTANTIATE_TEST_SUITE_P(Shapes, ObservedAttentionOf,
                         testing::Values(Shape{64, 32, 4, 31, 200, 256}, Shape{32, 4, 4, 1, 1, 8},
                                         Shape{64, 9, 3, 5, 5, 5}, Shape{128, 12, 1, 2, 77, 90},
                                         Shape{16, 4, 2, 32, 64, 64}));

}  // namespace
}  // namespace infinipot
