#include "tensor/kernels/matmul/matmul.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "support/kernel_test.h"

namespace infinipot {
namespace {

using kernels::matmul;
using kernels::matmul_supported;
using kernels::pack;
using kernels::packed_bytes;
using kernels::quantize_rows;

constexpr int block = 32;

std::vector<std::uint8_t> quantized(ggml_type type, const std::vector<float>& rows,
                                    std::int64_t n_in) {
    const auto n_rows = static_cast<std::int64_t>(rows.size()) / n_in;
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(n_rows) * ggml_row_size(type, n_in));
    ggml_quantize_chunk(type, rows.data(), bytes.data(), 0, n_rows, n_in, nullptr);
    return bytes;
}

std::vector<float> dequantized(ggml_type type, const std::vector<std::uint8_t>& rows,
                               std::int64_t n) {
    std::vector<float> numbers(static_cast<std::size_t>(n));
    ggml_get_type_traits(type)->to_float(rows.data(), numbers.data(), n);
    return numbers;
}

std::vector<std::int8_t> packed(ggml_type type, const std::vector<std::uint8_t>& rows,
                                std::int64_t n_in, std::int64_t n_out) {
    std::vector<std::int8_t> bytes(packed_bytes(type, n_in, n_out));
    pack(type, rows.data(), n_in, n_out, bytes.data());
    return bytes;
}

/// Y = W X in double precision, one row per output and per token.
std::vector<double> reference(const std::vector<float>& w, const std::vector<float>& x,
                              std::int64_t n_in) {
    std::vector<double> y;
    for (auto token = x.begin(); token != x.end(); token += n_in) {
        for (auto row = w.begin(); row != w.end(); row += n_in) {
            y.push_back(std::inner_product(row, row + n_in, token, 0.0));
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

void require_kernel(ggml_type type) {
    if (!matmul_supported(type, ggml_blck_size(type), 16)) {
        GTEST_SKIP() << "this CPU has no kernel for " << ggml_type_name(type);
    }
}

class MatmulOfShape : public testing::TestWithParam<std::tuple<ggml_type, Shape>> {
   protected:
    void SetUp() override { require_kernel(type()); }
    ggml_type type() const { return std::get<0>(GetParam()); }
    Shape shape() const { return std::get<1>(GetParam()); }
};

class Matmul : public testing::TestWithParam<ggml_type> {
   protected:
    void SetUp() override { require_kernel(GetParam()); }
};

/// Returns how far ggml's product may be from ours. ggml rounds X to Q8_0 as we do, but for types
/// with minima it rounds the sums of X, and for K-quants it rounds X in blocks of 256.
double tolerance_to_ggml(ggml_type type) {
    if (type == GGML_TYPE_Q4_1 || type == GGML_TYPE_Q5_1) return 3e-6;
    return ggml_blck_size(type) == block ? 1e-11 : 2e-4;
}

TEST_P(MatmulOfShape, Equals_ggml_and_plain_arithmetic_on_one_thread_and_on_two) {
    const auto [n_in, n_out, n_tokens] = shape();
    const std::vector<float> x = normal_numbers(n_in * n_tokens, 1);
    const std::vector<std::uint8_t> w = quantized(type(), normal_numbers(n_in * n_out, 2), n_in);
    SmallGraph graph(shape().bytes());
    ggml_tensor* x_tensor = graph.input(GGML_TYPE_F32, {n_in, n_tokens}, x);
    ggml_tensor* w_tensor = graph.input(type(), {n_in, n_out}, w);
    const std::vector<std::int8_t> bytes = packed(type(), w, n_in, n_out);
    ggml_tensor* packed_tensor =
        graph.input(GGML_TYPE_I8, {static_cast<std::int64_t>(bytes.size())}, bytes);

    ggml_tensor* x8 = quantize_rows(graph.context(), type(), x_tensor);
    ggml_tensor* y = matmul(graph.context(), type(), packed_tensor, x8, n_in, n_out);
    const std::vector<float> ours = graph.compute(y, 1);

    EXPECT_EQ(graph.compute(y, 2), ours);
    EXPECT_EQ(graph.compute(y, 3), ours);
    const std::vector<float> ggmls =
        graph.compute(ggml_mul_mat(graph.context(), w_tensor, x_tensor), 1);
    EXPECT_LT(normalized_error(ours, ggmls), tolerance_to_ggml(type()));
    if (n_in * n_out * n_tokens < 20'000'000) {
        const std::vector<float> rounded = graph.compute(
            ggml_cast(graph.context(), ggml_cast(graph.context(), x_tensor, GGML_TYPE_Q8_0),
                      GGML_TYPE_F32),
            1);
        const std::vector<double> exact =
            reference(dequantized(type(), w, n_in * n_out), rounded, n_in);
        EXPECT_LT(normalized_error(ours, exact), 1e-12);
    }
}

std::string type_name(const testing::TestParamInfo<ggml_type>& info) {
    return ggml_type_name(info.param);
}

std::string type_and_shape(const testing::TestParamInfo<std::tuple<ggml_type, Shape>>& info) {
    const auto& [type, shape] = info.param;
    return std::string(ggml_type_name(type)) + "_" + std::to_string(shape.n_in) + "_" +
           std::to_string(shape.n_out) + "_" + std::to_string(shape.n_tokens);
}

const auto types_of_blocks =
    testing::Values(GGML_TYPE_Q8_0, GGML_TYPE_Q4_0, GGML_TYPE_Q4_1, GGML_TYPE_Q5_0, GGML_TYPE_Q5_1,
                    GGML_TYPE_IQ4_NL, GGML_TYPE_MXFP4);
const auto types_of_super_blocks =
    testing::Values(GGML_TYPE_Q4_K, GGML_TYPE_Q6_K, GGML_TYPE_Q5_K, GGML_TYPE_Q3_K, GGML_TYPE_Q2_K,
                    GGML_TYPE_IQ4_XS);

INSTANTIATE_TEST_SUITE_P(Types, Matmul, types_of_blocks, type_name);
INSTANTIATE_TEST_SUITE_P(SuperTypes, Matmul, types_of_super_blocks, type_name);

INSTANTIATE_TEST_SUITE_P(
    Shapes, MatmulOfShape,
    testing::Combine(types_of_blocks,
                     testing::Values(Shape{32, 16, 1}, Shape{32, 16, 7}, Shape{32, 48, 8},
                                     Shape{64, 16, 2}, Shape{576, 48, 3}, Shape{576, 192, 5},
                                     Shape{576, 1536, 17}, Shape{544, 80, 13}, Shape{1536, 576, 16},
                                     Shape{2048, 256, 1}, Shape{2048, 256, 64}, Shape{5632, 48, 6},
                                     Shape{5632, 2048, 2}, Shape{96, 32, 192}, Shape{96, 32, 193},
                                     Shape{2048, 112, 511}, Shape{2048, 256, 512},
                                     Shape{2048, 5632, 4})),
    type_and_shape);

INSTANTIATE_TEST_SUITE_P(
    SuperShapes, MatmulOfShape,
    testing::Combine(types_of_super_blocks,
                     testing::Values(Shape{256, 16, 1}, Shape{256, 48, 7}, Shape{256, 16, 8},
                                     Shape{768, 48, 3}, Shape{1280, 80, 13}, Shape{4864, 48, 6},
                                     Shape{5376, 176, 1}, Shape{2560, 80, 64}, Shape{512, 32, 192},
                                     Shape{256, 48, 193}, Shape{1792, 112, 511})),
    type_and_shape);

TEST_P(Matmul, Gives_a_token_the_same_bits_in_every_batch) {
    constexpr std::int64_t n_in = 1280, n_out = 80, n_tokens = 40;
    const std::vector<float> x = normal_numbers(n_in * n_tokens, 3);
    const ggml_type type = GetParam();
    const auto bytes =
        packed(type, quantized(type, normal_numbers(n_in * n_out, 4), n_in), n_in, n_out);
    SmallGraph graph(20 << 20);
    ggml_context* ctx = graph.context();
    ggml_tensor* all = graph.input(GGML_TYPE_F32, {n_in, n_tokens}, x);
    ggml_tensor* w = graph.input(GGML_TYPE_I8, {static_cast<std::int64_t>(bytes.size())}, bytes);
    const auto multiply = [&](std::int64_t first, std::int64_t n) {
        ggml_tensor* part = ggml_view_2d(ctx, all, n_in, n, all->nb[1],
                                         static_cast<std::size_t>(first) * all->nb[1]);
        return graph.compute(matmul(ctx, type, w, quantize_rows(ctx, type, part), n_in, n_out), 2);
    };

    const std::vector<float> together = multiply(0, n_tokens);

    for (const std::int64_t n : {1, 2, 3, 7, 8, 20, 39}) {
        std::vector<float> joined = multiply(0, n);
        const std::vector<float> rest = multiply(n, n_tokens - n);
        joined.insert(joined.end(), rest.begin(), rest.end());
        EXPECT_EQ(joined, together) << "split after " << n;
    }
}

/// Returns the offsets of the F16 in a block of ggml's.
std::vector<std::size_t> halves_of(ggml_type type) {
    switch (type) {
        case GGML_TYPE_Q4_1:
        case GGML_TYPE_Q5_1:
        case GGML_TYPE_Q4_K:
        case GGML_TYPE_Q5_K:
            return {0, 2};
        case GGML_TYPE_Q2_K:
            return {80, 82};
        case GGML_TYPE_Q3_K:
            return {108};
        case GGML_TYPE_Q6_K:
            return {208};
        case GGML_TYPE_MXFP4:
            return {};
        default:
            return {0};
    }
}

/// Rows whose bytes are all set, all clear and random, but for scales of 1 and minima of -0.5.
std::vector<std::uint8_t> extreme_rows(ggml_type type, std::int64_t n_in, std::int64_t n_out) {
    const std::size_t row_bytes = ggml_row_size(type, n_in);
    std::vector<std::uint8_t> bytes(row_bytes * static_cast<std::size_t>(n_out));
    std::minstd_rand random(7);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::size_t kind = i / row_bytes % 4;
        const auto any = static_cast<std::uint8_t>(random() >> 8);
        bytes[i] = kind == 0 ? 0xff : kind == 1 ? 0 : kind == 2 ? 0x80 : any;
    }
    for (std::size_t at = 0; at < bytes.size(); at += ggml_type_size(type)) {
        if (type == GGML_TYPE_MXFP4) bytes[at] = static_cast<std::uint8_t>(at / row_bytes % 4 * 43);
        float number = 1;
        for (const std::size_t offset : halves_of(type)) {
            const ggml_fp16_t half = ggml_fp32_to_fp16(number);
            std::memcpy(&bytes[at + offset], &half, sizeof half);
            number = -0.5f;
        }
    }
    return bytes;
}

TEST_P(Matmul, Neither_overflows_nor_saturates_at_the_extremes) {
    constexpr std::int64_t n_in = 512, n_out = 16;
    const ggml_type type = GetParam();
    const auto rows = extreme_rows(type, n_in, n_out);
    const auto bytes = packed(type, rows, n_in, n_out);
    std::vector<float> x(n_in, 127.0f);
    x.insert(x.end(), n_in, -127.0f);
    x.insert(x.end(), n_in, 0.0f);
    for (int i = 0; i < n_in; ++i) x.push_back(i % 4 < 2 ? 127.0f : -127.0f);
    for (int i = 0; i < n_in; ++i) x.push_back(i % 32 < 16 ? 127.0f : -127.0f);
    SmallGraph graph(1 << 20);
    const auto n_tokens = static_cast<std::int64_t>(x.size()) / n_in;
    ggml_tensor* y = matmul(
        graph.context(), type,
        graph.input(GGML_TYPE_I8, {static_cast<std::int64_t>(bytes.size())}, bytes),
        quantize_rows(graph.context(), type, graph.input(GGML_TYPE_F32, {n_in, n_tokens}, x)), n_in,
        n_out);

    const std::vector<float> got = graph.compute(y, 1);

    const std::vector<float> w = dequantized(type, rows, n_in * n_out);
    const std::vector<double> exact = reference(w, x, n_in);
    for (std::size_t i = 0; i < got.size(); ++i) {
        const auto row = w.begin() + static_cast<std::ptrdiff_t>(i % n_out) * n_in;
        const float most = std::abs(*std::max_element(
            row, row + n_in, [](float a, float b) { return std::abs(a) < std::abs(b); }));
        EXPECT_NEAR(got[i], exact[i], most * 127 * n_in * 1e-6) << i;
    }
}

TEST_P(Matmul, Reads_rows_of_x_that_are_apart_and_weights_at_any_address) {
    constexpr std::int64_t n_out = 32, n_tokens = 5;
    const ggml_type type = GetParam();
    const std::int64_t n_in = 3 * ggml_blck_size(type);
    const std::vector<float> x = normal_numbers(2 * n_in * n_tokens, 5);
    const auto bytes =
        packed(type, quantized(type, normal_numbers(n_in * n_out, 6), n_in), n_in, n_out);
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
        graph.compute(matmul(ctx, type, w, quantize_rows(ctx, type, dense), n_in, n_out), 1);
    const auto of_apart =
        graph.compute(matmul(ctx, type, odd_w, quantize_rows(ctx, type, apart), n_in, n_out), 1);

    EXPECT_EQ(of_apart, of_dense);
}

TEST_P(Matmul, Supports_only_whole_blocks_and_groups) {
    const std::int64_t n_in = ggml_blck_size(GetParam());
    EXPECT_TRUE(matmul_supported(GetParam(), 18 * n_in, 1536));
    EXPECT_TRUE(matmul_supported(GetParam(), n_in, 16));
    EXPECT_FALSE(matmul_supported(GetParam(), n_in + n_in / 2, 16));
    EXPECT_FALSE(matmul_supported(GetParam(), n_in, 24));
    EXPECT_FALSE(matmul_supported(GetParam(), 0, 16));
    EXPECT_FALSE(matmul_supported(GetParam(), n_in, 0));
}

TEST(MatmulSupport, Types_without_a_kernel_are_not_supported) {
    for (const ggml_type type : {GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_Q8_1, GGML_TYPE_IQ2_XS}) {
        EXPECT_FALSE(matmul_supported(type, 256, 16)) << ggml_type_name(type);
    }
}

TEST(MatmulSupport, Types_of_one_format_of_activations_share_them) {
    if (!matmul_supported(GGML_TYPE_Q4_K, 256, 16)) GTEST_SKIP() << "this CPU has no kernels";
    EXPECT_TRUE(kernels::share_quantized_rows(GGML_TYPE_Q5_0, GGML_TYPE_Q6_K));
    EXPECT_FALSE(kernels::share_quantized_rows(GGML_TYPE_Q4_K, GGML_TYPE_F32));
}

TEST_P(Matmul, Packs_into_hardly_more_than_the_tensor_in_whole_cache_lines) {
    const auto n_bytes = static_cast<double>(ggml_row_size(GetParam(), 2048) * 256);
    const std::size_t n_packed = packed_bytes(GetParam(), 2048, 256);
    EXPECT_GE(static_cast<double>(n_packed), n_bytes);
    EXPECT_LE(static_cast<double>(n_packed), 1.04 * n_bytes);
    EXPECT_EQ(packed_bytes(GetParam(), ggml_blck_size(GetParam()), 16) % 64, 0u);
}

}  // namespace
}  // namespace infinipot
