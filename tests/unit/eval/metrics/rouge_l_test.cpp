#include "eval/metrics/rouge_l.h"

#include <gtest/gtest.h>

// Figures are those of the package `rouge` 1.0.1, worked out with a Python of its rules.

namespace infinipot::eval {
namespace {

TEST(RougeL, Compares_distinct_words_of_common_subsequences_with_all_distinct_words) {
    EXPECT_EQ(rouge_l("the cat sat. on the mat", "the cat lay. on a mat"), 0.7272727223140496);
}

TEST(RougeL, Respects_order_only_within_a_sentence) {
    EXPECT_EQ(rouge_l("a b c d", "c d a b"), 0.4999999950000001);
    EXPECT_EQ(rouge_l("a b. c d", "c d. a b"), 0.999999995);
}

TEST(RougeL, Counts_a_word_once) { EXPECT_EQ(rouge_l("a b a b", "a b"), 0.999999995); }

TEST(RougeL, Respects_case) { EXPECT_EQ(rouge_l("Cats sleep", "cats sleep"), 0.4999999950000001); }

TEST(RougeL, Ends_a_sentence_at_every_full_stop) {
    EXPECT_EQ(rouge_l("3.5 per cent", "5 per cent. 3"), 0.999999995);
}

TEST(RougeL, Treats_blanks_as_a_sentence_of_one_empty_word) {
    EXPECT_EQ(rouge_l("one. ", "one"), 0.6666666622222223);
    EXPECT_EQ(rouge_l("one. ", "one. "), 0.999999995);
    EXPECT_EQ(rouge_l(" ", "x"), 0);
}

TEST(RougeL, Skips_empty_text_between_full_stops) {
    EXPECT_EQ(rouge_l("one..", "one"), 0.999999995);
}

TEST(RougeL, Treats_a_run_of_blanks_as_one) {
    EXPECT_EQ(rouge_l("a  b\n c", "a b c"), 0.999999995);
}

TEST(RougeL, Chooses_between_two_longest_subsequences_as_the_Python_package_does) {
    EXPECT_EQ(rouge_l("red blue. green red", "green blue red"), 0.6666666616666668);
}

TEST(RougeL, Is_zero_without_a_sentence) {
    EXPECT_EQ(rouge_l("", "x"), 0);
    EXPECT_EQ(rouge_l("...", "x"), 0);
    EXPECT_EQ(rouge_l("x", ""), 0);
}

}  // namespace
}  // namespace infinipot::eval
