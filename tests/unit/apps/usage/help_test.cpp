#include "usage/help.h"

#include <gtest/gtest.h>

#include "unit/apps/usage/sample.h"

namespace infinipot::usage {
namespace {

TEST(Help, Shows_an_option_on_one_line_with_its_letter_word_and_placeholder) {
    EXPECT_NE(help(sample(), Detail::basic).find("\n  -c, --capacity N          Most entries\n"),
              std::string::npos);
}

TEST(Help, Leaves_out_advanced_options_aliases_and_notes_unless_all_is_asked_for) {
    for (const char* text : {"--kernels", "--ctx-size", "A note."}) {
        EXPECT_EQ(help(sample(), Detail::basic).find(text), std::string::npos) << text;
        EXPECT_NE(help(sample(), Detail::all).find(text), std::string::npos) << text;
    }
}

TEST(Help, Ends_with_the_way_to_the_rest_where_there_is_a_rest) {
    const std::string last = "\n--help-all lists every option.\n";
    EXPECT_TRUE(help(sample(), Detail::basic).ends_with(last));
    EXPECT_FALSE(help(sample(), Detail::all).ends_with(last));
    Command plain = {.name = "pot list", .summary = "Lists", .options = {{.names = {"--json"}}}};
    EXPECT_FALSE(help(plain, Detail::basic).ends_with(last));
}

TEST(Help, Puts_the_explanation_of_a_long_label_on_the_next_line) {
    Command command = {.name = "pot"};
    command.options = {{.names = {"--a-very-long-option-indeed"},
                        .placeholder = "WORD",
                        .values = Values::text,
                        .help = "Explained",
                        .section = "Options"}};
    EXPECT_NE(
        help(command, Detail::basic)
            .find("--a-very-long-option-indeed WORD\n" + std::string(28, ' ') + "Explained\n"),
        std::string::npos);
}

TEST(Help, Has_no_heading_of_options_that_are_all_advanced) {
    EXPECT_EQ(help(sample(), Detail::basic).find("Machine:"), std::string::npos);
    EXPECT_NE(help(sample(), Detail::all).find("Machine:"), std::string::npos);
}

TEST(WholeHelp, Holds_every_command) {
    const std::string text = whole_help(sample_program());
    EXPECT_NE(text.find("Usage: pot COMMAND ..."), std::string::npos);
    EXPECT_NE(text.find("Usage: pot ask [OPTIONS] QUESTION..."), std::string::npos);
}

TEST(Wrap, Fills_lines_up_to_the_width) {
    EXPECT_EQ(wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
    EXPECT_EQ(wrap("unbreakable it", 5), (std::vector<std::string>{"unbreakable", "it"}));
    EXPECT_TRUE(wrap("", 5).empty());
}

}  // namespace
}  // namespace infinipot::usage
