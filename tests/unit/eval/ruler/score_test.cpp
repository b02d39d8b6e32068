#include "eval/ruler/score.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace infinipot::eval {
namespace {

using Texts = std::vector<std::string>;

double share(std::string_view answer, const Texts& references) {
    return ruler_score(RulerMetric::share_found, answer, references);
}

double any(std::string_view answer, const Texts& references) {
    return ruler_score(RulerMetric::any_found, answer, references);
}

TEST(RulerScore, Is_the_share_of_references_that_occur) {
    const Texts four = {"1234567", "7654321", "1111111", "2222222"};
    EXPECT_EQ(share(" 7654321, 1111111 and 2222222.", four), 0.75);
    EXPECT_EQ(share("none", four), 0);
    EXPECT_EQ(share("1234567 1234567", {"1234567"}), 1);
    EXPECT_EQ(share("", four), 0);
}

TEST(RulerScore, Is_one_if_any_reference_of_a_question_occurs) {
    EXPECT_EQ(any("It was Bob Dylan.", {"Dylan", "Robert Zimmerman"}), 1);
    EXPECT_EQ(any("It was Ann.", {"Dylan", "Robert Zimmerman"}), 0);
}

TEST(RulerScore, Finds_parts_of_words) {
    EXPECT_EQ(share("91234567890", {"1234567"}), 1);
    EXPECT_EQ(any("nobody", {"no"}), 1);
}

TEST(RulerScore, Ignores_case) {
    EXPECT_EQ(share("abcde FGHIJ", {"ABCDE", "fghij"}), 1);
    EXPECT_EQ(any("ÉCOLE", {"école"}), 1);
}

TEST(RulerScore, Treats_control_characters_as_line_breaks) {
    EXPECT_EQ(share(std::string_view("123\0"
                                     "4567",
                                     8),
                    {"1234567"}),
              0)
        << "not removed";
    EXPECT_EQ(any("Bob\tDylan", {"Bob Dylan"}), 0);
    EXPECT_EQ(any("Bob\tDylan", {"Bob\nDylan"}), 1);
    EXPECT_EQ(any("Bob\x1F"
                  "Dylan",
                  {"Bob\nDylan"}),
              1);
    EXPECT_EQ(any("Bob\x7F"
                  "Dylan",
                  {"Bob\x7F"
                   "Dylan"}),
              1)
        << "from 0 to 0x1F";
}

}  // namespace
}  // namespace infinipot::eval
