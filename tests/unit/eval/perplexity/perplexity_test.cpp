#include "eval/perplexity/perplexity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace infinipot::eval {
namespace {

// The perplexities of the tokens are 2, 4, 8, 16, 32: nats are multiples of ln 2.
std::vector<float> powers_of_two() {
    std::vector<float> nats;
    for (int i = 1; i <= 5; ++i) nats.push_back(static_cast<float>(i * std::log(2.0)));
    return nats;
}

TEST(StreamPerplexity, Is_exp_of_the_mean) {
    StreamPerplexity perplexity(100, 100);
    perplexity.add(powers_of_two());
    EXPECT_NEAR(perplexity.perplexity(), 8, 1e-5);
    EXPECT_EQ(perplexity.n_tokens(), 5u);
}

TEST(StreamPerplexity, Separates_the_last_tokens_whatever_the_batches) {
    for (const std::size_t step : {1u, 2u, 5u}) {
        StreamPerplexity perplexity(100, 3);
        const auto nats = powers_of_two();
        for (std::size_t at = 0; at < nats.size(); at += step) {
            perplexity.add(std::span(nats).subspan(at, std::min(step, nats.size() - at)));
        }
        EXPECT_NEAR(perplexity.perplexity_of_last(), 16, 1e-4);  // of 8, 16, 32
    }
}

TEST(StreamPerplexity, Returns_a_curve_whose_last_point_may_average_fewer_tokens) {
    StreamPerplexity perplexity(2, 1);
    perplexity.add(powers_of_two());
    const auto buckets = perplexity.buckets();
    ASSERT_EQ(buckets.size(), 3u);
    EXPECT_NEAR(buckets[0], std::sqrt(8.0), 1e-5);    // of 2 and 4
    EXPECT_NEAR(buckets[1], std::sqrt(128.0), 1e-4);  // of 8 and 16
    EXPECT_NEAR(buckets[2], 32, 1e-4);
}

TEST(StreamPerplexity, Is_empty_for_an_empty_text) {
    const StreamPerplexity perplexity(10, 10);
    EXPECT_EQ(perplexity.perplexity(), 0);
    EXPECT_EQ(perplexity.perplexity_of_last(), 0);
    EXPECT_TRUE(perplexity.buckets().empty());
}

}  // namespace
}  // namespace infinipot::eval
