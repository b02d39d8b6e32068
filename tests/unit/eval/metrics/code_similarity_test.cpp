#include "eval/metrics/code_similarity.h"

#include <gtest/gtest.h>

// Figures are those of fuzzywuzzy on top of Python's difflib.

namespace infinipot::eval {
namespace {

TEST(CodeSimilarity, Is_in_whole_per_cents) {
    EXPECT_EQ(code_similarity("return a + b;", "return a - b;"), 0.92);
    EXPECT_EQ(
        code_similarity("private Thread currentThread;", "private volatile Thread currentThread;"),
        0.87);
}

TEST(CodeSimilarity, Halves_are_rounded_to_the_even) {
    EXPECT_EQ(code_similarity("abcdefgh", "azzzzzzz"), 0.12);                  // of 12.5
    EXPECT_EQ(code_similarity("abcdefgh", "abczzzzz"), 0.38);                  // of 37.5
    EXPECT_EQ(code_similarity("abcdefghijklmnop", "abzzzzzzzzzzzzzz"), 0.12);  // of 12.5
}

TEST(CodeSimilarity, Takes_the_first_line_after_line_breaks_at_the_start) {
    EXPECT_EQ(code_similarity("\n\nreturn a;\nreturn b;", "return a;"), 1);
    EXPECT_EQ(code_similarity("a // not this\nreturn a;", "return a;"), 1);
    EXPECT_EQ(code_similarity("# nor this\nreturn a;", "return a;"), 1);
    EXPECT_EQ(code_similarity("```python\nreturn a;", "return a;"), 1);
}

TEST(CodeSimilarity, Blanks_stay_and_an_empty_line_between_others_is_a_line) {
    EXPECT_EQ(code_similarity("  return a;", "return a;"), 0.9);
    EXPECT_EQ(code_similarity("# comment\n\nreturn a;", "return a;"), 0);
}

TEST(CodeSimilarity, Without_any_line_nothing_is_like_the_answer_unless_it_is_empty_too) {
    EXPECT_EQ(code_similarity("# only a comment", "return a;"), 0);
    EXPECT_EQ(code_similarity("", "return a;"), 0);
    EXPECT_EQ(code_similarity("return a;", ""), 0);
    EXPECT_EQ(code_similarity("# only a comment", ""), 1);
}

TEST(CodeSimilarity, The_other_matcher_takes_the_longest_common_subsequence) {
    EXPECT_EQ(code_similarity("tide", "diet"), 0.25);
    EXPECT_EQ(code_similarity("tide", "diet", StringMatcher::levenshtein), 0.5);
}

}  // namespace
}  // namespace infinipot::eval
