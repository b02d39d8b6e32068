#include "usage/reference.h"

#include <gtest/gtest.h>

#include "unit/apps/usage/sample.h"

namespace infinipot::usage {
namespace {

Program program() {
    return {.command = sample_program(),
            .version = "1.2.3",
            .exit_statuses = {{"3", "A file cannot be read."}},
            .environment = {{"NO_COLOR", "No colours."}}};
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(Markdown, Has_a_linked_section_for_each_command_with_all_of_its_options) {
    const std::string text = markdown(program());
    EXPECT_TRUE(has(text, "* [`pot eval needle`](#pot-eval-needle)\n"));
    EXPECT_TRUE(has(text, "\n## pot ask\n\n```text\nAnswers\n"));
    EXPECT_TRUE(has(text, "--kernels WORD"));
}

TEST(Markdown, Has_tables_of_exit_statuses_and_environment_variables) {
    const std::string text = markdown(program());
    EXPECT_TRUE(has(text, "| `3` | A file cannot be read. |\n"));
    EXPECT_TRUE(has(text, "| `NO_COLOR` | No colours. |\n"));
}

TEST(ManPage, Has_the_sections_of_a_manual_page) {
    const std::string text = man_page(program());
    EXPECT_TRUE(text.starts_with(".TH POT 1 \"\" \"pot 1.2.3\""));
    for (const char* section : {"NAME", "SYNOPSIS", "COMMANDS", "EXIT STATUS", "ENVIRONMENT"}) {
        EXPECT_TRUE(has(text, std::string(".SH ") + section + '\n')) << section;
    }
}

TEST(ManPage, Escapes_what_troff_would_take_for_its_own) {
    Program other = program();
    other.command.commands.front().examples = ".request\n'quote\na\\b";
    const std::string text = man_page(other);
    EXPECT_TRUE(has(text, "\n\\&.request\n\\&\\(aqquote\na\\eb\n"));
    EXPECT_TRUE(has(text, "\\fB\\-c\\fR, \\fB\\-\\-capacity\\fR, \\fB\\-\\-ctx\\-size\\fR"));
}

}  // namespace
}  // namespace infinipot::usage
