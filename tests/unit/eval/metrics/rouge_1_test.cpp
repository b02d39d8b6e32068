#include "eval/metrics/rouge_1.h"

#include <gtest/gtest.h>

namespace infinipot::eval {
namespace {

// Expected values are those of rouge_score 0.1.2, RougeScorer(["rouge1"]), worked out by hand:
// F = 2 * common / (words of the one + words of the other).

TEST(Rouge1, Counts_a_common_word_as_often_as_both_texts_have_it) {
    EXPECT_DOUBLE_EQ(rouge_1("the cat the cat", "the cat sat"), 2.0 * 2 / (4 + 3));
    EXPECT_DOUBLE_EQ(rouge_1("the the the", "the the dog"), 2.0 * 2 / (3 + 3));
}

TEST(Rouge1, Ignores_case_and_punctuation) {
    EXPECT_DOUBLE_EQ(rouge_1("Well-known FACTS.", "well known facts"), 1);
    EXPECT_DOUBLE_EQ(rouge_1("it's 42", "it s 42"), 1);
}

TEST(Rouge1, Is_zero_without_a_common_word) {
    EXPECT_EQ(rouge_1("one", "two"), 0);
    EXPECT_EQ(rouge_1("", "two"), 0);
    EXPECT_EQ(rouge_1("...", "..."), 0);
}

}  // namespace
}  // namespace infinipot::eval
