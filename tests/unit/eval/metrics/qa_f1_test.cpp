#include "eval/metrics/qa_f1.h"

#include <gtest/gtest.h>

// Figures are those of LongBench's Python on the same sentences.

namespace infinipot::eval {
namespace {

TEST(QaF1, Is_the_harmonic_mean_of_precision_and_recall_of_words) {
    EXPECT_EQ(qa_f1("The cat sat on the mat", "a cat on mats"), 0.5714285714285715);
    EXPECT_EQ(qa_f1("same words", "words same"), 1);
    EXPECT_EQ(qa_f1("other words", "none of them"), 0);
}

TEST(QaF1, Counts_a_word_as_often_as_both_texts_have_it) {
    EXPECT_EQ(qa_f1("cat cat dog", "cat dog dog"), 0.6666666666666666);
}

TEST(QaF1, Deletes_punctuation_without_splitting_words) {
    EXPECT_EQ(qa_f1("It is state-of-the-art.", "stateoftheart"), 0.5);
    EXPECT_EQ(qa_f1("the-cat", "cat"), 0);
    EXPECT_EQ(qa_f1("_dog_", "dog"), 1);
}

TEST(QaF1, Keeps_punctuation_beyond_ASCII) { EXPECT_EQ(qa_f1("cat’s", "cats"), 0); }

TEST(QaF1, Drops_articles_but_not_parts_of_words) {
    EXPECT_EQ(qa_f1("an apple a day", "Apple day"), 1);
    EXPECT_EQ(qa_f1("theory", "the"), 0);
    EXPECT_EQ(qa_f1("the", "the"), 0);  // nothing is left of them
}

TEST(QaF1, Ends_an_article_at_any_character_but_a_letter) {
    EXPECT_EQ(qa_f1("Ωmega the–end", "ωmega –end"), 1);
}

TEST(QaF1, Follows_Unicode_for_case_and_blanks) {
    EXPECT_EQ(qa_f1("ÉCOLE\u00A0Normale", "école normale"), 1);
    EXPECT_EQ(qa_f1("İzmir", "i\u0307zmir"), 1);
}

}  // namespace
}  // namespace infinipot::eval
