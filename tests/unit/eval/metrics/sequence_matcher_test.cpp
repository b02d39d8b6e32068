#include "eval/metrics/sequence_matcher.h"

#include <gtest/gtest.h>

#include <string>

// Figures are those of Python's difflib.

namespace infinipot::eval {
namespace {

/// n different characters, none of which is ASCII.
std::u32string different(int n, int from = 0) {
    std::u32string text;
    for (int i = 0; i < n; ++i) text += static_cast<char32_t>(0x4E00 + from + i);
    return text;
}

double n_matching(const std::u32string& a, const std::u32string& b) {
    return matching_blocks_ratio(a, b) * static_cast<double>(a.size() + b.size()) / 2;
}

TEST(MatchingBlocks, Count_twice_relative_to_both_lengths) {
    EXPECT_EQ(matching_blocks_ratio(U"private Thread currentThread;",
                                    U"private volatile Thread currentThread;"),
              0.8656716417910447);
    EXPECT_EQ(matching_blocks_ratio(U"", U""), 1);
    EXPECT_EQ(matching_blocks_ratio(U"abc", U"xyz"), 0);
}

TEST(MatchingBlocks, Depend_on_the_order_of_the_two_texts) {
    EXPECT_EQ(matching_blocks_ratio(U"tide", U"diet"), 0.25);
    EXPECT_EQ(matching_blocks_ratio(U"diet", U"tide"), 0.5);
}

TEST(MatchingBlocks, Start_as_early_as_possible_in_the_first_text) {
    EXPECT_EQ(matching_blocks_ratio(U"acbc", U"ccabb"), 0.4444444444444444);
}

TEST(MatchingBlocks, Start_as_early_as_possible_in_the_second_text_among_equals) {
    EXPECT_EQ(matching_blocks_ratio(U"aca", U"aa"), 0.8);
}

TEST(MatchingBlocks, Never_start_at_a_character_that_makes_up_over_a_hundredth_of_a_long_text) {
    const auto with = [](int n_q, int n) {
        return different(100) + std::u32string(static_cast<std::size_t>(n_q), U'Q') +
               different(n - 100 - n_q, 100);
    };
    EXPECT_NEAR(n_matching(U"QQ", with(3, 200)), 2, 1e-9);
    EXPECT_NEAR(n_matching(U"QQ", with(4, 200)), 0, 1e-9);
    EXPECT_NEAR(n_matching(U"QQ", with(4, 199)), 2, 1e-9);
}

TEST(MatchingBlocks, Grow_over_frequent_characters) {
    const std::u32string many(10, U'Q');
    EXPECT_NEAR(n_matching(U"QQzQQ", different(50) + many + U"z" + many + different(150, 50)), 5,
                1e-9);
}

TEST(Subsequence, Is_the_longest_in_either_order_of_the_texts) {
    EXPECT_EQ(subsequence_ratio(U"tide", U"diet"), 0.5);
    EXPECT_EQ(subsequence_ratio(U"diet", U"tide"), 0.5);
    EXPECT_EQ(subsequence_ratio(U"abcd", U"axbxcxd"), 8.0 / 11);
    EXPECT_EQ(subsequence_ratio(U"", U""), 1);
}

}  // namespace
}  // namespace infinipot::eval
