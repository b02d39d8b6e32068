#include "eval/metrics/code_similarity.h"

#include <gtest/gtest.h>

// Figures are those of fuzzywuzzy on top of Python's difflib.

namespace infinipot::eval {
namespace {

TEST(CodeSimilarity, Is_a_whole_number_of_percent) {
    EXPECT_EQ(code_similarity("return a + b;", "return a - b;"), 0.92);
    EXPECT_EQ(
        code_similarity("private Thread currentThread;", "private volatile Thread currentThread;"),
        0.87);
}

TEST(CodeSimilarity, Rounds_halves_to_even) {
    EXPECT_EQ(code_similarity("abcdefgh", "azzzzzzz"), 0.12);                  // of 12.5
    EXPECT_EQ(code_similarity("abcdefgh", "abczzzzz"), 0.38);                  // of 37.5
    EXPECT_EQ(code_similarity("abcdefghijklmnop", "abzzzzzzzzzzzzzz"), 0.12);  // of 12.5
}

TEST(CodeSimilarity, Compares_the_first_line_of_code) {
    EXPECT_EQ(code_similarity("\n\nreturn a;\nreturn b;", "return a;"), 1);
    EXPECT_EQ(code_similarity("a // not this\nreturn a;", "return a;"), 1);
    EXPECT_EQ(code_similarity("# nor this\nreturn a;", "return a;"), 1);
    EXPECT_EQ(code_similarity("```python\nreturn a;", "return a;"), 1);
}

TEST(CodeSimilarity, Keeps_blanks_and_empty_lines_between_others) {
    EXPECT_EQ(code_similarity("  return a;", "return a;"), 0.9);
    EXPECT_EQ(code_similarity("# comment\n\nreturn a;", "return a;"), 0);
}

TEST(CodeSimilarity, Is_zero_for_an_empty_prediction_unless_the_answer_is_empty) {
    EXPECT_EQ(code_similarity("# only a comment", "return a;"), 0);
    EXPECT_EQ(code_similarity("", "return a;"), 0);
    EXPECT_EQ(code_similarity("return a;", ""), 0);
    EXPECT_EQ(code_similarity("# only a comment", ""), 1);
}

TEST(CodeSimilarity, Uses_the_longest_common_subsequence_with_the_levenshtein_matcher) {
    EXPECT_EQ(code_similarity("tide", "diet"), 0.25);
    EXPECT_EQ(code_similarity("tide", "diet", StringMatcher::levenshtein), 0.5);
}

}  // namespace
}  // namespace infinipot::eval
