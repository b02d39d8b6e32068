#include "text/json_nesting.h"

#include <gtest/gtest.h>

namespace infinipot {
namespace {

TEST(JsonNesting, Counts_arrays_and_objects_within_each_other) {
    EXPECT_EQ(json_nesting("1"), 0);
    EXPECT_EQ(json_nesting("[]"), 1);
    EXPECT_EQ(json_nesting(R"([{"a": [1]}, [], {}])"), 3);
    EXPECT_EQ(json_nesting("[][][]"), 1);
    EXPECT_EQ(json_nesting("[[[["), 4);
}

TEST(JsonNesting, Ignores_brackets_in_strings) {
    EXPECT_EQ(json_nesting(R"(["[[{{", "\"[[", "\\"])"), 1);
    EXPECT_EQ(json_nesting(R"({"[": "\\\"[", "]": [[]]})"), 3);
}

}  // namespace
}  // namespace infinipot
