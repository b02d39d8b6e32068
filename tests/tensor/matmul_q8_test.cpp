#include "tensor/kernels/matmul_q8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "tensor/kernel_test.h"

namespace infinipot {
namespace {

using kernels::matmul_q8;
using kernels::matmul_q8_supported;
using kernels::pack_q8;
using kernels::packed_q8_bytes;
using kernels::quantize_rows_q8;

constexpr int block = 32;

struct BlockQ8_0 {
    ggml_fp16_t scale;
    std::int8_t quants[block];
};

std::vector<std::uint8_t> quantized(const std::vector<float>& rows, std::int64_t n_in) {
    const auto n_rows = static_cast<std::int64_t>(rows.size()) / n_in;
    std::vector<std::uint8_t> q8_0(static_cast<std::size_t>(n_rows) *
                                   ggml_row_size(GGML_TYPE_Q8_0, n_in));
    ggml_quantize_chunk(GGML_TYPE_Q8_0, rows.data(), q8_0.data(), 0, n_rows, n_in, nullptr);
    return q8_0;
}

std::vector<std::int8_t> packed(const std::vector<std::uint8_t>& q8_0, std::int64_t n_in,
                                std::int64_t n_out) {
    std::vector<std::int8_t> bytes(packed_q8_bytes(n_in, n_out));
    pack_q8(q8_0.data(), n_in, n_out, bytes.data());
    return bytes;
}

double dequantized(const std::uint8_t* row, std::int64_t i) {
    const auto* blocks = reinterpret_cast<const BlockQ8_0*>(row);
    return ggml_fp16_to_fp32(blocks[i / block].scale) * blocks[i / block].quants[i % block];
}

/// Y = W X in double precision; W and X in Q8_0, one row per output and per token.
std::vector<double> reference(const std::vector<std::uint8_t>& w,
                              const std::vector<std::uint8_t>& x, std::int64_t n_in,
                              std::int64_t n_out, std::int64_t n_tokens) {
    const std::size_t row_bytes = ggml_row_size(GGML_TYPE_Q8_0, n_in);
    std::vector<double> y;
    for (std::int64_t t = 0; t < n_tokens; ++t) {
        for (std::int64_t out = 0; out < n_out; ++out) {
            double sum = 0;
            for (std::int64_t i = 0; i < n_in; ++i) {
                sum += dequantized(w.data() + static_cast<std::size_t>(out) * row_bytes, i) *
                       dequantized(x.data() + static_cast<std::size_t>(t) * row_bytes, i);
            }
            y.push_back(sum);
        }
    }
    return y;
}

struct Shape {
    std::int64_t n_in, n_out, n_tokens;
    std::int64_t bytes() const { return n_in * n_out * 3 + (n_in + n_out) * n_tokens * 12; }
};

void PrintTo(const Shape& s, std::ostream* out) {
    *out << s.n_in << " in, " << s.n_out << " out, " << s.n_tokens << " tokens";
}

class MatmulQ8 : public testing::Test {
   protected:
    void SetUp() override {
        if (!matmul_q8_supported(block, 16)) GTEST_SKIP() << "this CPU has no kernel";
    }
};

class MatmulQ8OfShape : public MatmulQ8, public testing::WithParamInterface<Shape> {};

TEST_P(MatmulQ8OfShape, Equals_ggml_and_plain_arithmetic_on_one_thread_and_on_two) {
    const auto [n_in, n_out, n_tokens] = GetParam();
    const std::vector<float> x = normal_numbers(n_in * n_tokens, 1);
    const std::vector<std::uint8_t> w = quantized(normal_numbers(n_in * n_out, 2), n_in);
    SmallGraph graph(GetParam().bytes());
    ggml_tensor* x_tensor = graph.input(GGML_TYPE_F32, {n_in, n_tokens}, x);
    ggml_tensor* w_tensor = graph.input(GGML_TYPE_Q8_0, {n_in, n_out}, w);
    const std::vector<std::int8_t> bytes = packed(w, n_in, n_out);
    ggml_tensor* packed_tensor =
        graph.input(GGML_TYPE_I8, {static_cast<std::int64_t>(bytes.size())}, bytes);

    ggml_tensor* y = matmul_q8(graph.context(), packed_tensor,
                               quantize_rows_q8(graph.context(), x_tensor), n_in, n_out);
    const std::vector<float> ours = graph.compute(y, 1);

    EXPECT_EQ(graph.compute(y, 2), ours);
    EXPECT_EQ(graph.compute(y, 3), ours);
    const std::vector<float> ggmls =
        graph.compute(ggml_mul_mat(graph.context(), w_tensor, x_tensor), 1);
    EXPECT_LT(normalized_error(ours, ggmls), 1e-11);
    if (n_in * n_out * n_tokens < 20'000'000) {
        const std::vector<double> exact = reference(w, quantized(x, n_in), n_in, n_out, n_tokens);
        EXPECT_LT(normalized_error(ours, exact), 1e-7);  // a half rounded the other way is 1e-9
    }
}

INSTANTIATE_TEST_SUITE_P(Shapes, MatmulQ8OfShape,
                         testing::Values(Shape{32, 16, 1}, Shape{32, 16, 7}, Shape{32, 48, 8},
                                         Shape{64, 16, 2}, Shape{576, 48, 3}, Shape{576, 192, 5},
                                         Shape{576, 1536, 17}, Shape{544, 80, 13},
                                         Shape{1536, 576, 16}, Shape{2048, 256, 1},
                                         Shape{2048, 256, 64}, Shape{5632, 48, 6},
                                         Shape{5632, 2048, 2}, Shape{96, 32, 192},
                                         Shape{96, 32, 193}, Shape{2048, 112, 511},
                                         Shape{2048, 256, 512}, Shape{2048, 5632, 4}));

TEST_F(MatmulQ8, Gives_a_token_the_same_bits_in_every_batch) {
    constexpr std::int64_t n_in = 1120, n_out = 80, n_tokens = 40;
    const std::vector<float> x = normal_numbers(n_in * n_tokens, 3);
    const auto bytes = packed(quantized(normal_numbers(n_in * n_out, 4), n_in), n_in, n_out);
    SmallGraph graph(20 << 20);
    ggml_context* ctx = graph.context();
    ggml_tensor* all = graph.input(GGML_TYPE_F32, {n_in, n_tokens}, x);
    ggml_tensor* w = graph.input(GGML_TYPE_I8, {static_cast<std::int64_t>(bytes.size())}, bytes);
    const auto multiply = [&](std::int64_t first, std::int64_t n) {
        ggml_tensor* part = ggml_view_2d(ctx, all, n_in, n, all->nb[1],
                                         static_cast<std::size_t>(first) * all->nb[1]);
        return graph.compute(matmul_q8(ctx, w, quantize_rows_q8(ctx, part), n_in, n_out), 2);
    };

    const std::vector<float> together = multiply(0, n_tokens);

    for (const std::int64_t n : {1, 2, 3, 7, 8, 20, 39}) {
        std::vector<float> joined = multiply(0, n);
        const std::vector<float> rest = multiply(n, n_tokens - n);
        joined.insert(joined.end(), rest.begin(), rest.end());
        EXPECT_EQ(joined, together) << "split after " << n;
    }
}

TEST_F(MatmulQ8, Neither_overflows_nor_saturates_at_the_extremes) {
    constexpr std::int64_t n_in = 64, n_out = 16, n_blocks = n_in / block;
    const std::int8_t extremes[] = {127, -127, -128, 0};
    std::vector<std::uint8_t> w(n_out * n_blocks * sizeof(BlockQ8_0));
    for (std::int64_t i = 0; i < n_out * n_blocks; ++i) {
        BlockQ8_0 weights;
        weights.scale = ggml_fp32_to_fp16(1.0f);
        std::memset(weights.quants, extremes[i / n_blocks % 4], sizeof weights.quants);
        std::memcpy(w.data() + static_cast<std::size_t>(i) * sizeof weights, &weights,
                    sizeof weights);
    }
    std::vector<float> x(n_in, 127.0f);
    x.insert(x.end(), n_in, -127.0f);
    x.insert(x.end(), n_in, 0.0f);
    const auto bytes = packed(w, n_in, n_out);
    SmallGraph graph(1 << 20);
    ggml_tensor* y = matmul_q8(
        graph.context(),
        graph.input(GGML_TYPE_I8, {static_cast<std::int64_t>(bytes.size())}, bytes),
        quantize_rows_q8(graph.context(), graph.input(GGML_TYPE_F32, {n_in, 3}, x)), n_in, n_out);

    const std::vector<float> got = graph.compute(y, 1);

    for (std::size_t i = 0; i < got.size(); ++i) {
        const float each = std::vector{127.0f, -127.0f, 0.0f}[i / n_out] * extremes[i % n_out % 4];
        EXPECT_EQ(got[i], static_cast<float>(n_in) * each) << i;
    }
}

TEST_F(MatmulQ8, Reads_rows_of_x_that_are_apart_and_weights_at_any_address) {
    constexpr std::int64_t n_in = 96, n_out = 32, n_tokens = 5;
    const std::vector<float> x = normal_numbers(2 * n_in * n_tokens, 5);
    const auto bytes = packed(quantized(normal_numbers(n_in * n_out, 6), n_in), n_in, n_out);
    const auto n_bytes = static_cast<std::int64_t>(bytes.size());
    std::vector<std::int8_t> shifted(bytes.size() + 2);
    std::copy(bytes.begin(), bytes.end(), shifted.begin() + 2);
    SmallGraph graph(1 << 20);
    ggml_context* ctx = graph.context();
    ggml_tensor* wide = graph.input(GGML_TYPE_F32, {2 * n_in, n_tokens}, x);
    ggml_tensor* apart = ggml_view_2d(ctx, wide, n_in, n_tokens, wide->nb[1], 0);
    ggml_tensor* dense = ggml_cont(ctx, apart);
    ggml_tensor* w = graph.input(GGML_TYPE_I8, {n_bytes}, bytes);
    ggml_tensor* odd_w =
        ggml_view_1d(ctx, graph.input(GGML_TYPE_I8, {n_bytes + 2}, shifted), n_bytes, 2);

    const auto of_dense =
        graph.compute(matmul_q8(ctx, w, quantize_rows_q8(ctx, dense), n_in, n_out), 1);
    const auto of_apart =
        graph.compute(matmul_q8(ctx, odd_w, quantize_rows_q8(ctx, apart), n_in, n_out), 1);

    EXPECT_EQ(of_apart, of_dense);
}

TEST_F(MatmulQ8, Supports_whole_blocks_and_groups_only) {
    EXPECT_TRUE(matmul_q8_supported(576, 1536));
    EXPECT_TRUE(matmul_q8_supported(32, 16));
    EXPECT_FALSE(matmul_q8_supported(48, 16));
    EXPECT_FALSE(matmul_q8_supported(32, 24));
    EXPECT_FALSE(matmul_q8_supported(0, 16));
    EXPECT_FALSE(matmul_q8_supported(32, 0));
}

TEST_F(MatmulQ8, Packs_into_the_size_of_q8_0_in_whole_cache_lines) {
    EXPECT_EQ(packed_q8_bytes(2048, 256), ggml_row_size(GGML_TYPE_Q8_0, 2048) * 256);
    EXPECT_EQ(packed_q8_bytes(32, 16), 576U);  // 544 rounded up
}

}  // namespace
}  // namespace infinipot
