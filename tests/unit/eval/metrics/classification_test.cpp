#include "eval/metrics/classification.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace infinipot::eval {
namespace {

const std::vector<std::string> classes = {"Food", "City", "Other city", "Person"};

TEST(Classification, Is_one_divided_by_the_number_of_named_classes) {
    EXPECT_EQ(classification("Type: Food", "Food", classes), 1);
    EXPECT_EQ(classification("Food or Person", "Food", classes), 0.5);
    EXPECT_EQ(classification("Person", "Food", classes), 0);
    EXPECT_EQ(classification("", "Food", classes), 0);
}

TEST(Classification, Respects_case) { EXPECT_EQ(classification("food", "Food", classes), 0); }

TEST(Classification, Ignores_a_class_that_is_part_of_the_answer) {
    const std::vector<std::string> nested = {"city", "Other city"};
    EXPECT_EQ(classification("Other city", "Other city", nested), 1);
}

TEST(Classification, Counts_a_class_that_contains_the_answer) {
    const std::vector<std::string> nested = {"city", "Other city"};
    EXPECT_EQ(classification("Other city", "city", nested), 0.5);
}

TEST(Classification, Misses_the_class_after_a_removed_one) {
    // "a" is removed; then "b" is skipped and stays in the list with the answer.
    const std::vector<std::string> parts = {"a", "b", "a b c"};
    EXPECT_EQ(classification("a b c", "a b c", parts), 0.5);
    const std::vector<std::string> apart = {"a", "x", "b", "a b c"};
    EXPECT_EQ(classification("a b c x", "a b c", apart), 0.5);
}

}  // namespace
}  // namespace infinipot::eval
