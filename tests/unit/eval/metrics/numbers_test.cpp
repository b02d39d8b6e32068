#include <gtest/gtest.h>

#include "eval/metrics/count.h"
#include "eval/metrics/retrieval.h"

namespace infinipot::eval {
namespace {

TEST(Count, Is_the_share_of_numbers_that_equal_the_answer) {
    EXPECT_EQ(count_share("There are 7.", "7"), 1);
    EXPECT_EQ(count_share("7, or 8, or 7, or 9", "7"), 0.5);
    EXPECT_EQ(count_share("17 and 77", "7"), 0);
    EXPECT_EQ(count_share("seven", "7"), 0);
}

TEST(Count, Compares_digits_and_not_values) {
    EXPECT_EQ(count_share("07", "7"), 0);
    EXPECT_EQ(count_share("7.0", "7"), 0.5);
    EXPECT_EQ(count_share("٧", "7"), 0);
}

TEST(Retrieval, Compares_the_number_of_the_paragraph) {
    EXPECT_EQ(retrieval("Paragraph 12", "Paragraph 12"), 1);
    EXPECT_EQ(retrieval("12", "Paragraph 12"), 1);
    EXPECT_EQ(retrieval("Paragraph 12 or 30", "Paragraph 12"), 0.5);
    EXPECT_EQ(retrieval("Paragraph 1", "Paragraph 12"), 0);
    EXPECT_EQ(retrieval("none", "Paragraph 12"), 0);
}

TEST(Retrieval, Uses_the_first_numbered_paragraph) {
    EXPECT_EQ(retrieval("3", "Paragraph x, Paragraph 3, Paragraph 4"), 1);
}

}  // namespace
}  // namespace infinipot::eval
