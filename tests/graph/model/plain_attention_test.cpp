#include "model/plain_attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "model/graph_builder.h"
#include "support/kernel_test.h"

namespace infinipot {
namespace {

struct Shape {
    int n_embd_head, n_head, n_head_kv, n_kv, n_tokens;
    float softcap = 0;
    bool has_sinks = false;
};

std::vector<ggml_fp16_t> halves(const std::vector<float>& numbers) {
    std::vector<ggml_fp16_t> out(numbers.size());
    ggml_fp32_to_fp16_row(numbers.data(), out.data(), static_cast<std::int64_t>(numbers.size()));
    return out;
}

class PlainAttention : public testing::TestWithParam<Shape> {};

TEST_P(PlainAttention, Equals_flash_attention) {
    const Shape s = GetParam();
    const float scale = 1 / std::sqrt(static_cast<float>(s.n_embd_head));
    SmallGraph graph(32 << 20);
    ggml_context* const context = graph.context();
    std::vector<float> queries = normal_numbers(s.n_embd_head * s.n_tokens * s.n_head, 1);
    for (float& number : queries) number *= 3;
    ggml_tensor* q = graph.input(GGML_TYPE_F32, {s.n_embd_head, s.n_tokens, s.n_head}, queries);
    ggml_tensor* k = graph.input(GGML_TYPE_F16, {s.n_embd_head, s.n_kv, s.n_head_kv},
                                 halves(normal_numbers(s.n_embd_head * s.n_kv * s.n_head_kv, 2)));
    ggml_tensor* v = graph.input(GGML_TYPE_F16, {s.n_embd_head, s.n_kv, s.n_head_kv},
                                 halves(normal_numbers(s.n_embd_head * s.n_kv * s.n_head_kv, 3)));
    ggml_tensor* mask = ggml_new_tensor_2d(context, GGML_TYPE_F16, s.n_kv, s.n_tokens);
    for (int t = 0; t < s.n_tokens; ++t) {
        for (int j = 0; j < s.n_kv; ++j) {
            const bool seen = j <= s.n_kv - s.n_tokens + t;
            static_cast<ggml_fp16_t*>(mask->data)[t * s.n_kv + j] =
                ggml_fp32_to_fp16(seen ? 0.0f : -INFINITY);
        }
    }
    ggml_tensor* sinks =
        s.has_sinks ? graph.input(GGML_TYPE_F32, {s.n_head}, normal_numbers(s.n_head, 4)) : nullptr;
    ggml_tensor* p = attention_probabilities(context, q, k, mask, scale, s.softcap, sinks);
    ggml_tensor* plain = weighted_values(context, v, p);
    ggml_tensor* flash = ggml_flash_attn_ext(context, q, k, v, mask, scale, 0.0f, s.softcap);
    ggml_flash_attn_ext_add_sinks(flash, sinks);
    EXPECT_EQ(plain->ne[0], s.n_embd_head * s.n_head);
    EXPECT_EQ(plain->ne[1], s.n_tokens);
    const auto numbers = [](const std::vector<float>& x) {
        return std::vector<double>(x.begin(), x.end());
    };
    EXPECT_LT(normalized_error(graph.compute(plain, 1), numbers(graph.compute(flash, 1))), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Shapes, PlainAttention,
                         testing::Values(Shape{32, 2, 2, 1, 1}, Shape{48, 6, 6, 40, 40},
                                         Shape{64, 8, 2, 150, 33}, Shape{80, 4, 1, 70, 5, 20.0f},
                                         Shape{256, 4, 2, 64, 1},
                                         Shape{64, 8, 2, 150, 33, 0, true}));

}  // namespace
}  // namespace infinipot
