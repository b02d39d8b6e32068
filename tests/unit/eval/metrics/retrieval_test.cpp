#include "eval/metrics/retrieval.h"

#include <gtest/gtest.h>

namespace infinipot::eval {
namespace {

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
