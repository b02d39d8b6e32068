#include "tensor/kernels/matmul/matmul_experts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "support/kernel_test.h"

namespace infinipot {
namespace {

using Choice = std::vector<std::int32_t>;  ///< [T][n_used]: experts

std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

std::vector<std::uint8_t> quantized(ggml_type type, const std::vector<float>& rows,
                                    std::int64_t n_in) {
    const auto n_rows = static_cast<std::int64_t>(rows.size()) / n_in;
    std::vector<std::uint8_t> bytes(size(n_rows) * ggml_row_size(type, n_in));
    ggml_quantize_chunk(type, rows.data(), bytes.data(), 0, n_rows, n_in, nullptr);
    return bytes;
}

std::vector<float> rounded(ggml_type type, const std::vector<float>& numbers, std::int64_t n_in) {
    std::vector<float> out(numbers.size());
    ggml_get_type_traits(type)->to_float(quantized(type, numbers, n_in).data(), out.data(),
                                         static_cast<std::int64_t>(out.size()));
    return out;
}

/// A layer of experts, y = sum of weight * W_e x over the experts of a token.
struct Layer {
    ggml_type type;
    std::int64_t n_in, n_out, n_expert, n_used, n_tokens;
    Choice choice;
    std::vector<float> w = normal_numbers(n_in * n_out * n_expert, 1);
    std::vector<float> x = normal_numbers(n_in * n_tokens, 2);
    std::vector<float> bias = normal_numbers(n_out * n_expert, 3);
    std::vector<float> weights = normal_numbers(n_used * n_tokens, 4);

    /// In double precision, on the weights and activations that the type rounds to.
    std::vector<double> expected() const {
        const std::vector<float> ws = rounded(type, w, n_in);
        const std::vector<float> xs = rounded(GGML_TYPE_Q8_0, x, n_in);
        std::vector<double> y(size(n_out * n_tokens));
        for (std::int64_t source = 0; source < n_used * n_tokens; ++source) {
            const std::int64_t token = source / n_used, expert = choice[size(source)];
            for (std::int64_t i = 0; i < n_out; ++i) {
                const auto row = ws.begin() + (expert * n_out + i) * n_in;
                const double sum =
                    std::inner_product(row, row + n_in, xs.begin() + token * n_in, 0.0);
                y[size(token * n_out + i)] +=
                    static_cast<double>(weights[size(source)]) *
                    (sum + static_cast<double>(bias[size(expert * n_out + i)]));
            }
        }
        return y;
    }

    /// With our kernels, for tokens `first` to `first + n - 1`.
    std::vector<float> computed(int n_threads, std::int64_t first, std::int64_t n) const {
        SmallGraph graph(64 << 20);
        ggml_context* ctx = graph.context();
        const auto part = [&](const auto& all, std::int64_t of_token) {
            const auto begin = all.begin() + first * of_token;
            return std::vector(begin, begin + n * of_token);
        };
        std::vector<std::int8_t> bytes(kernels::packed_bytes(type, n_in, n_out * n_expert));
        kernels::pack(type, quantized(type, w, n_in).data(), n_in, n_out * n_expert, bytes.data());
        ggml_tensor* packed =
            graph.input(GGML_TYPE_I8, {static_cast<std::int64_t>(bytes.size())}, bytes);
        ggml_tensor* chosen = graph.input(GGML_TYPE_I32, {n_used, n}, part(choice, n_used));
        ggml_tensor* groups = kernels::group_by_expert(ctx, chosen, n_expert);
        ggml_tensor* tokens = graph.input(GGML_TYPE_F32, {n_in, n}, part(x, n_in));
        ggml_tensor* x8 =
            kernels::gather_columns(ctx, kernels::quantize_rows(ctx, type, tokens), groups);
        ggml_tensor* y = kernels::matmul_experts(ctx, type, packed, x8, groups,
                                                 {.n_in = n_in, .n_out = n_out, .n = n_expert});
        y = kernels::add_expert_rows(ctx, y, graph.input(GGML_TYPE_F32, {n_out, n_expert}, bias),
                                     groups);
        ggml_tensor* shares = graph.input(GGML_TYPE_F32, {1, n_used, n}, part(weights, n_used));
        return graph.compute(kernels::sum_experts(ctx, y, shares, groups), n_threads);
    }
    std::vector<float> computed(int n_threads) const { return computed(n_threads, 0, n_tokens); }
};

class MatmulExperts : public testing::TestWithParam<ggml_type> {
   protected:
    void SetUp() override {
        if (!kernels::matmul_supported(GetParam(), 256, 16)) GTEST_SKIP() << "no kernel";
    }

    /// `choose(token, i)` is the i-th expert of a token.
    static Layer layer(std::int64_t n_in, std::int64_t n_out, std::int64_t n_expert,
                       std::int64_t n_used, std::int64_t n_tokens, auto choose) {
        Choice choice;
        for (std::int64_t source = 0; source < n_used * n_tokens; ++source) {
            choice.push_back(static_cast<std::int32_t>(choose(source / n_used, source % n_used)));
        }
        return {GetParam(), n_in, n_out, n_expert, n_used, n_tokens, choice};
    }

    /// Each token draws different experts.
    static Layer drawn(std::int64_t n_in, std::int64_t n_out, std::int64_t n_expert,
                       std::int64_t n_used, std::int64_t n_tokens) {
        std::mt19937 random(5);
        std::vector<std::int32_t> experts(size(n_expert));
        std::iota(experts.begin(), experts.end(), 0);
        return layer(n_in, n_out, n_expert, n_used, n_tokens,
                     [&](std::int64_t /*token*/, std::int64_t i) {
                         if (i == 0) std::ranges::shuffle(experts, random);
                         return experts[size(i)];
                     });
    }

    static void expect_exact(const Layer& layer) {
        const std::vector<float> y = layer.computed(1);
        EXPECT_LT(normalized_error(y, layer.expected()), 1e-7);
        EXPECT_EQ(layer.computed(2), y);
        EXPECT_EQ(layer.computed(3), y);
    }
};

TEST_P(MatmulExperts, Equals_double_precision_for_odd_sizes) {
    expect_exact(drawn(256, 16, 3, 1, 1));
    expect_exact(drawn(512, 48, 7, 3, 29));
    expect_exact(drawn(256, 112, 16, 2, 65));
    expect_exact(drawn(768, 80, 5, 4, 3));
}

TEST_P(MatmulExperts, Equals_double_precision_if_experts_have_no_token_or_one) {
    expect_exact(layer(256, 48, 40, 2, 3, [](std::int64_t token, std::int64_t i) {
        return 13 * token + 7 * i;  // 0, 7, 13, 20, 26, 33
    }));
}

TEST_P(MatmulExperts, Equals_double_precision_if_an_expert_has_all_tokens) {
    constexpr std::int64_t more_than_a_run = 401;
    expect_exact(layer(256, 32, 4, 2, more_than_a_run,
                       [](std::int64_t token, std::int64_t i) { return i == 0 ? 2 : token % 2; }));
}

TEST_P(MatmulExperts, Gives_a_token_the_same_bits_in_every_batch) {
    const Layer layer = drawn(512, 80, 6, 2, 40);
    const std::vector<float> together = layer.computed(2);
    for (const std::int64_t n : {1, 2, 7, 20, 39}) {
        std::vector<float> joined = layer.computed(2, 0, n);
        const std::vector<float> rest = layer.computed(1, n, layer.n_tokens - n);
        joined.insert(joined.end(), rest.begin(), rest.end());
        EXPECT_EQ(joined, together) << "split after " << n;
    }
}

INSTANTIATE_TEST_SUITE_P(Types, MatmulExperts,
                         testing::Values(GGML_TYPE_Q8_0, GGML_TYPE_Q4_0, GGML_TYPE_Q4_K,
                                         GGML_TYPE_Q6_K, GGML_TYPE_MXFP4),
                         [](const auto& type) { return ggml_type_name(type.param); });

}  // namespace
}  // namespace infinipot
