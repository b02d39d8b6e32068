#include "tensor/kernels/hadamard.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/kernel_test.h"

namespace infinipot {
namespace {

using kernels::hadamard;
using kernels::hadamard_block;

/// H(i, j) is -1 to the number of ones that i and j share in binary.
double element(std::size_t i, std::size_t j) { return std::popcount(i & j) % 2 == 0 ? 1 : -1; }

/// Rows of d numbers, times a matrix that is written out, block by block.
std::vector<double> transformed(const std::vector<float>& x, std::size_t n) {
    std::vector<double> y;
    for (std::size_t begin = 0; begin < x.size(); begin += n) {
        for (std::size_t i = 0; i < n; ++i) {
            double sum = 0;
            for (std::size_t j = 0; j < n; ++j) {
                sum += element(i, j) * static_cast<double>(x[begin + j]);
            }
            y.push_back(sum / std::sqrt(static_cast<double>(n)));
        }
    }
    return y;
}

TEST(Hadamard, Takes_the_largest_power_of_two_that_divides_a_head) {
    const std::vector<std::pair<int, int>> sizes = {{32, 32},  {64, 64},   {80, 16},  {96, 32},
                                                    {112, 16}, {128, 128}, {160, 32}, {256, 256}};
    for (const auto& [n_embd_head, block] : sizes) EXPECT_EQ(hadamard_block(n_embd_head), block);
}

class HadamardOf : public testing::TestWithParam<int> {
   protected:
    int d_ = GetParam();
    std::size_t block_ = static_cast<std::size_t>(hadamard_block(d_));
};

TEST_P(HadamardOf, Equals_a_plain_matrix_product_and_is_its_own_inverse) {
    std::vector<float> x = normal_numbers(d_, 1);
    const std::vector<float> before = x;
    hadamard(x.data(), d_);
    EXPECT_LT(normalized_error(x, transformed(before, block_)), 1e-13);
    hadamard(x.data(), d_);
    EXPECT_LT(normalized_error(x, before), 1e-13);
}

/// As it is used: [n_embd_head, n_tokens, n_head] that lie as [n_embd_head, n_head, n_tokens].
TEST_P(HadamardOf, Transforms_rows_that_are_permuted_on_any_number_of_threads) {
    constexpr int n_head = 3, n_tokens = 5;
    const auto numbers = normal_numbers(std::int64_t{d_} * n_head * n_tokens, 2);
    SmallGraph graph(1 << 20);
    ggml_tensor* x = graph.input(GGML_TYPE_F32, {d_, n_head, n_tokens}, numbers);
    ggml_tensor* permuted = ggml_permute(graph.context(), x, 0, 2, 1, 3);
    std::vector<float> by_head;
    for (std::size_t head = 0; head < n_head; ++head) {
        for (std::size_t token = 0; token < n_tokens; ++token) {
            const auto row =
                numbers.begin() + static_cast<std::ptrdiff_t>(token * n_head + head) * d_;
            by_head.insert(by_head.end(), row, row + d_);
        }
    }
    ggml_tensor* result = hadamard(graph.context(), permuted);
    EXPECT_TRUE(ggml_are_same_shape(result, permuted) && ggml_is_contiguous(result));
    const auto expected = transformed(by_head, block_);
    const auto on_one = graph.compute(result, 1);
    EXPECT_LT(normalized_error(on_one, expected), 1e-13);
    for (const int n_threads : {2, 4}) EXPECT_EQ(graph.compute(result, n_threads), on_one);
}

/// ggml's own, which libllama uses, by the product with a matrix that is said to be one.
TEST_P(HadamardOf, Equals_ggmls_transform_bit_for_bit) {
    if (block_ < static_cast<std::size_t>(d_)) GTEST_SKIP() << "ggml's is one block";
    std::vector<float> matrix;
    for (std::size_t i = 0; i < block_; ++i) {
        for (std::size_t j = 0; j < block_; ++j) {
            matrix.push_back(
                static_cast<float>(element(i, j) / std::sqrt(static_cast<double>(block_))));
        }
    }
    SmallGraph graph(1 << 20);
    ggml_tensor* h = graph.input(GGML_TYPE_F32, {d_, d_}, matrix);
    ggml_tensor* x = graph.input(GGML_TYPE_F32, {d_, 7}, normal_numbers(std::int64_t{d_} * 7, 3));
    ggml_tensor* theirs = ggml_mul_mat(graph.context(), h, x);
    ggml_mul_mat_set_hint(theirs, GGML_HINT_SRC0_IS_HADAMARD);
    EXPECT_EQ(graph.compute(hadamard(graph.context(), x), 1), graph.compute(theirs, 1));
}

INSTANTIATE_TEST_SUITE_P(Sizes, HadamardOf,
                         testing::Values(2, 4, 8, 16, 32, 64, 80, 96, 128, 160, 256, 512),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace infinipot
