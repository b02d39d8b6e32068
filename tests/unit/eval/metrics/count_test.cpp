#include "eval/metrics/count.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace infinipot::eval
