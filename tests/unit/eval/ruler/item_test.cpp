#include "eval/ruler/item.h"

#include <gtest/gtest.h>

#include <limits>

#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

constexpr int any = std::numeric_limits<int>::max();

TEST(LargestThatFits, Is_exact_to_one_token) {
    for (const int limit : {3, 4, 10, 11, 1000, 123'456}) {
        const auto threes = [](int n) { return 3 * n; };
        EXPECT_EQ(largest_that_fits(1, any, limit, threes), limit / 3) << limit;
    }
    const auto squares = [](int n) { return n * n; };
    EXPECT_EQ(largest_that_fits(0, any, 99, squares), 9);
    EXPECT_EQ(largest_that_fits(0, any, 100, squares), 10);
    const auto steps = [](int n) { return n / 50 * 50; };
    EXPECT_EQ(largest_that_fits(0, any, 120, steps), 149);
}

TEST(LargestThatFits, Stays_within_its_bounds) {
    const auto threes = [](int n) { return 3 * n; };
    EXPECT_EQ(largest_that_fits(1, 7, 1000, threes), 7);
    EXPECT_EQ(largest_that_fits(2, 7, 5, threes), std::nullopt);
    EXPECT_EQ(largest_that_fits(2, 2, 6, threes), 2);
}

TEST(LargestThatFits, Counts_the_tokens_of_a_long_text_only_a_few_times) {
    int n_times = 0;
    const auto uneven = [&](int n) {
        ++n_times;
        return n + n / 7 + n % 5;
    };
    const int n = largest_that_fits(1, any, 131'072, uneven).value();
    EXPECT_LE(uneven(n), 131'072);
    EXPECT_GT(uneven(n + 1), 131'072);
    EXPECT_LE(n_times, 32);
}

TEST(Fill, Refuses_a_length_that_the_shortest_prompt_exceeds) {
    const ItemSpec spec = {.name = "a", .length = 100, .max_tokens = 40, .n_tokens = [](auto text) {
                               return static_cast<int>(text.size());
                           }};
    const auto make = [](int n) {
        return RulerItem{std::string(static_cast<std::size_t>(n), 'x'), "?", "!", {}};
    };
    const RulerItem item = fill(spec, 1, any, make);
    EXPECT_EQ(item.text.size(), 58u);
    EXPECT_EQ(item.n_prompt_tokens, 60);
    EXPECT_EQ(item.max_tokens, 40);
    try {
        fill(spec, 59, any, make);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::does_not_fit);
        EXPECT_STREQ(error.what(),
                     "the shortest prompt has 61 tokens, and an answer of 40 more; 100 are too few "
                     "for both");
    }
}

}  // namespace
}  // namespace infinipot::eval
