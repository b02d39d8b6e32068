#include "tensor/kernels/matmul/log_sums.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include "support/kernel_test.h"
#include "tensor/kernels/matmul/matmul.h"

namespace infinipot {
namespace {

using kernels::LogitTransform;

constexpr ggml_type type = GGML_TYPE_Q8_0;

/// A vocabulary's packed output matrix, and hidden states behind which its logits are summed up.
class LogSums : public testing::Test {
   protected:
    void SetUp() override {
        if (!kernels::matmul_supported(type, 32, 16)) GTEST_SKIP() << "this CPU has no kernel";
    }

    /// `scale`: standard deviation of the hidden states.
    void make(std::int64_t n_in, std::int64_t n_out, std::int64_t n_tokens, float scale = 0.1f) {
        n_out_ = n_out;
        graph_.emplace(n_in * n_out * 3 + (n_in + n_out) * n_tokens * 16);
        const std::vector<float> w = normal_numbers(n_in * n_out, 1);
        std::vector<std::uint8_t> rows(static_cast<std::size_t>(n_out) * ggml_row_size(type, n_in));
        ggml_quantize_chunk(type, w.data(), rows.data(), 0, n_out, n_in, nullptr);
        std::vector<std::int8_t> packed(kernels::packed_bytes(type, n_in, n_out));
        kernels::pack(type, rows.data(), n_in, n_out, packed.data());
        packed_ = graph_->input(GGML_TYPE_I8, {static_cast<std::int64_t>(packed.size())}, packed);
        std::vector<float> x = normal_numbers(n_in * n_tokens, 2);
        for (float& number : x) number *= scale;
        ggml_tensor* hidden = graph_->input(GGML_TYPE_F32, {n_in, n_tokens}, x);
        quantized_ = kernels::quantize_rows(graph_->context(), type, hidden);
        products_ = kernels::matmul(graph_->context(), type, packed_, quantized_, n_in, n_out);
    }

    std::vector<float> log_sums(const LogitTransform& transform, int n_threads,
                                const std::vector<std::int32_t>& targets) {
        ggml_tensor* of =
            graph_->input(GGML_TYPE_I32, {static_cast<std::int64_t>(targets.size())}, targets);
        return graph_->compute(kernels::log_sums(graph_->context(), type, packed_, quantized_,
                                                 {n_out_, panels_}, transform, of),
                               n_threads);
    }

    /// Returns the logits behind each position in double precision: [n_out, n_tokens].
    std::vector<double> logits(const LogitTransform& transform) {
        std::vector<double> logits;
        for (const float product : graph_->compute(products_, 1)) {
            const double scaled = double{product} * double{transform.scale};
            const double cap = double{transform.cap};
            logits.push_back(cap == 0 ? scaled : cap * std::tanh(scaled / cap));
        }
        return logits;
    }

    /// Compares the sum over all parts with that of all logits, and the targets' logits.
    void expect_sums(const LogitTransform& transform, const std::vector<std::int32_t>& targets) {
        const std::vector<float> sums = log_sums(transform, 1, targets);
        const std::vector<double> all = logits(transform);
        const auto n_parts = static_cast<std::size_t>(kernels::n_log_sums({n_out_, panels_}));
        const auto n_out = static_cast<std::size_t>(n_out_);
        ASSERT_EQ(sums.size(), targets.size() * (n_parts + 1));
        for (std::size_t token = 0; token < targets.size(); ++token) {
            const float* of_token = &sums[token * (n_parts + 1)];
            std::vector<double> summed;
            for (std::size_t row = 0; row < n_out; ++row)
                if (is_summed(row)) summed.push_back(all[token * n_out + row]);
            const double log_sum = log_of_sum(summed);
            EXPECT_NEAR(log_of_sum(std::vector<double>(of_token, of_token + n_parts)), log_sum,
                        2e-5 + 1e-7 * std::abs(log_sum))
                << "token " << token;
            const double own = all[token * n_out + static_cast<std::size_t>(targets[token])];
            EXPECT_NEAR(of_token[n_parts], own, 1e-5) << "token " << token;
        }
    }

    std::vector<std::int32_t> panels_;  // empty: all
    std::int64_t n_out_ = 0;
    std::optional<SmallGraph> graph_;

   private:
    bool is_summed(std::size_t row) const {
        return panels_.empty() || std::ranges::binary_search(panels_, row / 32);
    }

    static double log_of_sum(const std::vector<double>& logits) {
        const double largest = *std::ranges::max_element(logits);
        double sum = 0;
        for (const double logit : logits) sum += std::exp(logit - largest);
        return largest + std::log(sum);
    }

    ggml_tensor* packed_ = nullptr;
    ggml_tensor* quantized_ = nullptr;
    ggml_tensor* products_ = nullptr;
};

std::vector<std::int32_t> any_targets(std::int64_t n_tokens, std::int64_t n_out) {
    std::vector<std::int32_t> targets;
    for (std::int64_t i = 0; i < n_tokens; ++i)
        targets.push_back(static_cast<std::int32_t>(i * 7919 % n_out));
    return targets;
}

TEST_F(LogSums, Are_those_of_all_logits_in_odd_sizes) {
    for (const std::int64_t n_out : {16, 32, 48, 2064, 5008}) {
        for (const std::int64_t n_tokens : {1, 3, 193}) {
            make(96, n_out, n_tokens);
            expect_sums({}, any_targets(n_tokens, n_out));
        }
    }
}

TEST_F(LogSums, Are_those_of_some_panels_and_of_targets_outside_them) {
    panels_ = {0, 3, 4, 64};  // of 65, the last of which has 16 tokens
    for (const std::int64_t n_tokens : {1, 3, 193}) {
        make(96, 2064, n_tokens);
        expect_sums({.scale = 0.5f, .cap = 3}, any_targets(n_tokens, 2064));
    }
}

TEST_F(LogSums, Scale_and_cap_the_logits) {
    make(96, 2064, 5, 1.0f);
    expect_sums({.scale = 0.25f, .cap = 0}, any_targets(5, 2064));
    expect_sums({.scale = 0.5f, .cap = 3}, any_targets(5, 2064));
    expect_sums({.scale = 40, .cap = 30}, any_targets(5, 2064));  // most are as large as the cap
}

TEST_F(LogSums, Do_not_overflow_for_large_logits) {
    make(96, 2064, 5, 100.0f);
    expect_sums({}, any_targets(5, 2064));
}

TEST_F(LogSums, Have_the_same_bits_on_any_number_of_threads) {
    make(96, 5008, 40);
    const auto targets = any_targets(40, 5008);
    const std::vector<float> alone = log_sums({}, 1, targets);
    EXPECT_EQ(log_sums({}, 2, targets), alone);
    EXPECT_EQ(log_sums({}, 3, targets), alone);
}

}  // namespace
}  // namespace infinipot
