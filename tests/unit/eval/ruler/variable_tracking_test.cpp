#include "eval/ruler/variable_tracking.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>
#include <vector>

#include "eval/ruler/haystack.h"
#include "support/ruler_items.h"

namespace infinipot::eval {
namespace {

using namespace testing_ruler;

constexpr const char* head =
    "Memorize and track the chain(s) of variable assignment hidden in the following text.\n\n";

/// The lines of the text proper, or of the example before it.
std::vector<std::string> lines_of_part(const RulerItem& item, bool example) {
    const std::size_t begin = item.text.rfind(head);
    return lines_of(example ? item.text.substr(0, begin) : item.text.substr(begin));
}

std::vector<std::string> assignments(const std::vector<std::string>& lines) {
    std::vector<std::string> found;
    for (const std::string& line : lines) {
        if (line.starts_with("VAR ")) found.push_back(line);
    }
    return found;
}

TEST(VariableTracking, Hides_a_chain_of_four_hops_in_order) {
    const RulerItem item = make("vt");
    ASSERT_EQ(item.references.size(), 5u);
    const auto& names = item.references;
    const auto found = assignments(lines_of_part(item, false));
    ASSERT_EQ(found.size(), 5u);
    std::smatch first;
    ASSERT_TRUE(std::regex_match(found[0], first, std::regex("VAR ([A-Z]{5}) = ([1-9][0-9]{4})")));
    EXPECT_EQ(first[1], names[0]);
    for (std::size_t i = 1; i < 5; ++i) {
        EXPECT_TRUE(std::regex_match(names[i], std::regex("[A-Z]{5}"))) << names[i];
        EXPECT_EQ(found[i], "VAR " + names[i] + " = VAR " + names[i - 1] + " ");
    }
    EXPECT_EQ(std::set(names.begin(), names.end()).size(), 5u);
    const std::string value = first[2];
    EXPECT_EQ(item.question, "\nQuestion: Find all variables that are assigned the value " + value +
                                 " in the text above.");
    EXPECT_EQ(item.answer_prefix,
              " Answer: According to the chain(s) of variable assignment in the text above, 5 "
              "variables are assgined the value " +
                  value + ", they are: ");
}

TEST(VariableTracking, Fills_all_other_lines_with_noise) {
    const auto lines = lines_of_part(make("vt"), false);
    EXPECT_EQ(lines[0] + "\n\n", head);
    EXPECT_EQ(std::ranges::count(lines, noise_line), static_cast<long>(lines.size()) - 2 - 5);
    EXPECT_EQ(lines.back(), noise_line) << "an assignment stands in front of a line";
}

TEST(VariableTracking, Puts_an_assignment_before_any_line) {
    std::set<std::size_t> places;
    for (int index = 0; index < 200; ++index) {
        const auto lines = lines_of_part(make("vt", 1000, index), false);
        std::size_t n_noise = 0;
        for (const std::string& line : lines) {
            if (line.starts_with("VAR ")) places.insert(n_noise);
            if (line == noise_line) ++n_noise;
        }
        const auto found = assignments(lines);
        EXPECT_EQ(found.size(), 5u);
    }
    const auto lines = lines_of_part(make("vt", 1000), false);
    EXPECT_EQ(places.size(), static_cast<std::size_t>(std::ranges::count(lines, noise_line)));
}

TEST(VariableTracking, Begins_with_an_answered_example_of_three_letters) {
    const RulerItem item = make("vt");
    const auto lines = lines_of_part(item, true);
    const auto found = assignments(lines);
    ASSERT_EQ(found.size(), 5u);
    std::string names;
    for (const std::string& line : found) {
        EXPECT_TRUE(std::regex_match(line, std::regex("VAR [A-Z]{3} = (VAR [A-Z]{3} |[0-9]{5})")));
        names += ' ' + line.substr(4, 3);
    }
    ASSERT_GE(lines.size(), 2u);
    EXPECT_TRUE(lines[lines.size() - 2].ends_with(", they are: " + names));
    EXPECT_EQ(lines.back(), "") << "a blank line before the text";
    const std::string example = item.text.substr(0, item.text.rfind(head));
    const int n_words = count_words(example) - 5;
    EXPECT_LE(n_words, 500);
    EXPECT_GT(n_words, 500 - 18);
}

}  // namespace
}  // namespace infinipot::eval
