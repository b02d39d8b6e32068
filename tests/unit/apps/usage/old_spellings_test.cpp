#include "usage/old_spellings.h"

#include <gtest/gtest.h>

namespace infinipot::usage {
namespace {

using Words = std::vector<std::string>;

const std::vector<OldSpelling> spellings = {{"", "--preset=paper", "--paper"},
                                            {"", "--no-fill", "--end=retain"},
                                            {"eval needle", "--keys", "--items"},
                                            {"eval ruler", "--seed", "--item-seed"}};

TEST(OldSpellings, Are_replaced_whether_the_value_is_joined_or_not) {
    EXPECT_EQ(modern({"ask", "--preset", "paper", "Who?"}, spellings),
              (Words{"ask", "--paper", "Who?"}));
    EXPECT_EQ(modern({"ask", "--preset=paper"}, spellings), (Words{"ask", "--paper"}));
    EXPECT_EQ(modern({"eval", "needle", "--keys", "2"}, spellings),
              (Words{"eval", "needle", "--items", "2"}));
    EXPECT_EQ(modern({"eval", "needle", "--keys=2"}, spellings),
              (Words{"eval", "needle", "--items=2"}));
}

TEST(OldSpellings, Of_a_flag_may_become_an_option_with_a_value) {
    EXPECT_EQ(modern({"ask", "--no-fill"}, spellings), (Words{"ask", "--end=retain"}));
}

TEST(OldSpellings, Hold_for_their_command_alone) {
    EXPECT_EQ(modern({"ask", "--seed", "1"}, spellings), (Words{"ask", "--seed", "1"}));
    EXPECT_EQ(modern({"eval", "ruler", "--seed", "1"}, spellings),
              (Words{"eval", "ruler", "--item-seed", "1"}));
}

TEST(OldSpellings, Leave_other_values_of_an_option_and_longer_words_alone) {
    const Words words = {"ask", "--preset", "other", "--no-filler", "--preset"};
    EXPECT_EQ(modern(words, spellings), words);
}

TEST(OldSpellings, Leave_what_follows_two_hyphens_alone) {
    const Words words = {"ask", "--", "--no-fill"};
    EXPECT_EQ(modern(words, spellings), words);
}

}  // namespace
}  // namespace infinipot::usage
