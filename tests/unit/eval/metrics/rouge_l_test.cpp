#include "eval/metrics/rouge_l.h"

#include <gtest/gtest.h>

// Figures are those of the package `rouge` 1.0.1, worked out with a Python of its rules.

namespace infinipot::eval {
namespace {

TEST(RougeL, Sets_distinct_words_in_common_subsequences_against_all_distinct_words) {
    EXPECT_EQ(rouge_l("the cat sat. on the mat", "the cat lay. on a mat"), 0.7272727223140496);
}

TEST(RougeL, Order_matters_within_a_sentence_alone) {
    EXPECT_EQ(rouge_l("a b c d", "c d a b"), 0.4999999950000001);
    EXPECT_EQ(rouge_l("a b. c d", "c d. a b"), 0.999999995);
}

TEST(RougeL, A_word_counts_once) { EXPECT_EQ(rouge_l("a b a b", "a b"), 0.999999995); }

TEST(RougeL, Case_matters) { EXPECT_EQ(rouge_l("Cats sleep", "cats sleep"), 0.4999999950000001); }

TEST(RougeL, Every_full_stop_ends_a_sentence) {
    EXPECT_EQ(rouge_l("3.5 per cent", "5 per cent. 3"), 0.999999995);
}

TEST(RougeL, Blanks_alone_are_a_sentence_of_one_empty_word) {
    EXPECT_EQ(rouge_l("one. ", "one"), 0.6666666622222223);
    EXPECT_EQ(rouge_l("one. ", "one. "), 0.999999995);
    EXPECT_EQ(rouge_l(" ", "x"), 0);
}

TEST(RougeL, Nothing_at_all_between_full_stops_is_no_sentence) {
    EXPECT_EQ(rouge_l("one..", "one"), 0.999999995);
}

TEST(RougeL, Runs_of_blanks_are_one) { EXPECT_EQ(rouge_l("a  b\n c", "a b c"), 0.999999995); }

TEST(RougeL, Of_two_longest_subsequences_it_takes_the_one_that_the_package_takes) {
    EXPECT_EQ(rouge_l("red blue. green red", "green blue red"), 0.6666666616666668);
}

TEST(RougeL, Is_nothing_without_a_sentence) {
    EXPECT_EQ(rouge_l("", "x"), 0);
    EXPECT_EQ(rouge_l("...", "x"), 0);
    EXPECT_EQ(rouge_l("x", ""), 0);
}

}  // namespace
}  // namespace infinipot::eval
