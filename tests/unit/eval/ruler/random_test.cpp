#include "eval/ruler/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

namespace infinipot::eval {
namespace {

TEST(Random, Draws_the_same_numbers_for_the_same_name) {
    Random one("a"), again("a"), other("b");
    const std::uint64_t first = one.bits();
    EXPECT_EQ(again.bits(), first);
    EXPECT_NE(other.bits(), first);
}

/// Worked out in Python from the definitions of FNV-1a, SplitMix64 and MT19937-64.
TEST(Random, Draws_these_numbers_on_every_machine) {
    Random random("ruler");
    std::vector<std::uint64_t> drawn;
    for (int i = 0; i < 6; ++i) drawn.push_back(random.below(1000));
    EXPECT_EQ(drawn, (std::vector<std::uint64_t>{302, 875, 682, 24, 309, 220}));
    std::vector<int> list(8);
    std::iota(list.begin(), list.end(), 0);
    random.shuffle(list);
    EXPECT_EQ(list, (std::vector<int>{7, 2, 4, 6, 0, 3, 5, 1}));
}

TEST(Random, Draws_every_number_below_the_limit_and_no_other) {
    Random random("below");
    std::vector<int> counts(7);
    for (int i = 0; i < 7000; ++i) ++counts.at(random.below(7));
    EXPECT_GT(std::ranges::min(counts), 850);
    EXPECT_LT(std::ranges::max(counts), 1150);
    EXPECT_EQ(random.below(1), 0u);
}

TEST(Random, Draws_distinct_numbers_with_equal_probability) {
    Random random("distinct");
    std::vector<int> counts(10);
    for (int i = 0; i < 5000; ++i) {
        const auto numbers = random.distinct(10, 4);
        ASSERT_EQ(std::set(numbers.begin(), numbers.end()).size(), 4u);
        for (const std::size_t number : numbers) ++counts.at(number);
    }
    EXPECT_GT(std::ranges::min(counts), 1850);
    EXPECT_LT(std::ranges::max(counts), 2150);
    EXPECT_EQ(random.distinct(3, 3).size(), 3u);
    EXPECT_TRUE(random.distinct(3, 0).empty());
}

}  // namespace
}  // namespace infinipot::eval
