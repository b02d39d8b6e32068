#include "engine/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "support/refusal.h"

namespace infinipot {
namespace {

using Logits = std::vector<float>;

/// Samples from all tokens; a test sets what it is about.
constexpr Sampling plain = {.temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0};

/// Logits whose softmax is 0.6, 0.3 and 0.1.
const Logits three = {std::log(0.6f), std::log(0.3f), std::log(0.1f)};

using Biases = std::vector<LogitBias>;

std::vector<Token> picks(const Sampling& sampling, const Logits& logits, int n,
                         const Biases& biases = {}) {
    Sampler sampler(sampling, static_cast<int>(logits.size()), biases);
    std::vector<Token> tokens;
    for (int i = 0; i < n; ++i) tokens.push_back(sampler.pick(logits));
    return tokens;
}

std::set<Token> distinct_picks(const Sampling& sampling, const Logits& logits,
                               const Biases& biases = {}) {
    const auto tokens = picks(sampling, logits, 500, biases);
    return {tokens.begin(), tokens.end()};
}

TEST(Sampler, At_temperature_0_picks_the_highest_logit) {
    Sampler sampler({}, 4);
    EXPECT_EQ(sampler.pick(Logits{0, 3, 2, -1}), 1);
    EXPECT_EQ(sampler.pick(Logits{0, 3, 2, 9}), 3);
    EXPECT_EQ(sampler.pick(Logits{-4, -3, -9, -5}), 1);
}

TEST(Sampler, Never_picks_an_excluded_token) {
    const std::vector<Token> excluded = {1, 3};
    Sampler greedy({}, 4);
    EXPECT_EQ(greedy.pick(Logits{0, 3, 2, 9}, excluded), 2);
    EXPECT_EQ(greedy.pick(Logits{0, 3, 2, 9}), 3) << "an exclusion holds for one pick";
    Sampler random(plain, 4);
    for (int i = 0; i < 200; ++i) {
        const Token token = random.pick(Logits{0, 3, 2, 9}, excluded);
        EXPECT_TRUE(token == 0 || token == 2);
    }
}

TEST(Sampler, Draws_the_same_tokens_again_with_the_same_seed) {
    const Logits even(50, 0.0f);
    Sampling seeded = plain;
    seeded.seed = 7;
    const auto tokens = picks(seeded, even, 40);
    EXPECT_EQ(picks(seeded, even, 40), tokens);
    seeded.seed = 8;
    EXPECT_NE(picks(seeded, even, 40), tokens);
}

/// The tolerance is four standard deviations.
TEST(Sampler, Draws_with_the_softmax_of_logits_over_temperature) {
    constexpr int n = 20'000;
    for (const float temperature : {0.5f, 1.0f, 2.0f}) {
        Sampling sampling = plain;
        sampling.temperature = temperature;
        std::vector<double> counts(three.size());
        for (const Token token : picks(sampling, three, n))
            ++counts[static_cast<std::size_t>(token)];
        double sum = 0;
        for (const float logit : three) sum += std::exp(logit / temperature);
        for (std::size_t i = 0; i < three.size(); ++i) {
            const double p = std::exp(three[i] / temperature) / sum;
            EXPECT_NEAR(counts[i] / n, p, 4 * std::sqrt(p * (1 - p) / n)) << temperature;
        }
    }
}

TEST(Sampler, Top_k_leaves_the_k_most_likely_tokens) {
    Sampling sampling = plain;
    sampling.top_k = 2;
    EXPECT_EQ(distinct_picks(sampling, three), (std::set<Token>{0, 1}));
    sampling.top_k = 0;
    EXPECT_EQ(distinct_picks(sampling, three), (std::set<Token>{0, 1, 2}));
}

TEST(Sampler, Top_p_leaves_the_fewest_tokens_whose_probabilities_reach_p) {
    Sampling sampling = plain;
    sampling.top_p = 0.5f;
    EXPECT_EQ(distinct_picks(sampling, three), (std::set<Token>{0}));
    sampling.top_p = 0.8f;
    EXPECT_EQ(distinct_picks(sampling, three), (std::set<Token>{0, 1}));
}

TEST(Sampler, Min_p_leaves_tokens_with_that_share_of_the_best_ones_probability) {
    Sampling sampling = plain;
    sampling.min_p = 0.4f;
    EXPECT_EQ(distinct_picks(sampling, three), (std::set<Token>{0, 1}));
    sampling.min_p = 0.6f;
    EXPECT_EQ(distinct_picks(sampling, three), (std::set<Token>{0}));
}

/// Token 0 has the highest logit, but less than token 1 when it is penalised.
TEST(Sampler, Penalises_tokens_of_the_last_64_picks) {
    const Logits logits = {10, 6, 0};
    const std::vector<Token> all_but_2 = {0, 1};
    for (const int n_others : {0, 1, 63, 64}) {
        Sampler sampler({.repeat_penalty = 2}, 3);
        ASSERT_EQ(sampler.pick(logits), 0);
        for (int i = 0; i < n_others; ++i) ASSERT_EQ(sampler.pick(logits, all_but_2), 2);
        EXPECT_EQ(sampler.pick(logits), n_others < 64 ? 1 : 0) << n_others;
    }
}

/// The penalty of presence is subtracted once, that of frequency for every occurrence.
TEST(Sampler, Subtracts_the_penalties_of_presence_and_frequency) {
    const Logits logits = {10, 6.5f, 0};
    Sampler present({.presence_penalty = 3}, 3);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(present.pick(logits), 0) << "10 - 3 is more than 6.5";
    Sampler frequent({.frequency_penalty = 3}, 3);
    EXPECT_EQ(frequent.pick(logits), 0);
    EXPECT_EQ(frequent.pick(logits), 0);
    EXPECT_EQ(frequent.pick(logits), 1) << "10 - 2 * 3 is less than 6.5";
    EXPECT_EQ(frequent.pick(logits), 0) << "and more than 6.5 - 3";
    Sampler repeating({.presence_penalty = -4}, 3);
    ASSERT_EQ(repeating.pick(logits, std::vector<Token>{0}), 1);
    EXPECT_EQ(repeating.pick(logits), 1) << "6.5 + 4 is more than 10";
}

TEST(Sampler, Adds_a_bias_to_the_logit_of_a_token) {
    const Logits logits = {10, 6, 0};
    EXPECT_EQ(picks({}, logits, 1, {{.token = 2, .bias = 11}}).front(), 2);
    EXPECT_EQ(picks({}, logits, 1, {{0, -3}, {1, 2}}).front(), 1);
    EXPECT_EQ(distinct_picks(plain, three, {{0, -1000}}), (std::set<Token>{1, 2}));
}

/// Biased first and penalised then, token 0 has (4 + 6) / 4 = 2.5. In the other order it would have
/// 4 / 4 + 6 = 7.
TEST(Sampler, Adds_the_bias_before_the_penalty) {
    const Logits logits = {4, 5, 0};
    const auto tokens = picks({.repeat_penalty = 4}, logits, 2, {{0, 6}});
    EXPECT_EQ(tokens, (std::vector<Token>{0, 1}));
}

TEST(Sampler, Refuses_values_out_of_range) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float infinity = std::numeric_limits<float>::infinity();
    const auto refused = [](const Sampling& sampling) {
        return !refusal([&] { Sampler(sampling, 3); }).empty();
    };
    const auto refused_bias = [](LogitBias bias) {
        return !refusal([&] { Sampler({}, 3, Biases{bias}); }).empty();
    };
    for (const float x : {-0.1f, nan, infinity}) EXPECT_TRUE(refused({.temperature = x})) << x;
    EXPECT_TRUE(refused({.top_k = -1}));
    for (const float x : {0.0f, 1.1f, nan}) EXPECT_TRUE(refused({.top_p = x})) << x;
    for (const float x : {-0.1f, 1.0f, nan}) EXPECT_TRUE(refused({.min_p = x})) << x;
    for (const float x : {0.9f, nan, infinity}) EXPECT_TRUE(refused({.repeat_penalty = x})) << x;
    for (const float x : {-101.0f, 101.0f, nan, infinity, -infinity}) {
        EXPECT_TRUE(refused({.presence_penalty = x})) << x;
        EXPECT_TRUE(refused({.frequency_penalty = x})) << x;
        EXPECT_TRUE(refused_bias({0, 10 * x})) << x;
    }
    for (const Token token : {-1, 3}) EXPECT_TRUE(refused_bias({token, 1})) << token;
    EXPECT_FALSE(refused({}));
    EXPECT_FALSE(refused({.temperature = 0, .top_k = 0, .top_p = 1, .min_p = 0}));
}

}  // namespace
}  // namespace infinipot
