#include "usage/completion.h"

#include <gtest/gtest.h>

#include "unit/apps/usage/sample.h"

namespace infinipot::usage {
namespace {

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(Completion, Does_not_propose_aliases) {
    for (const auto complete : {bash_completion, zsh_completion, fish_completion}) {
        EXPECT_FALSE(has(complete(sample_program()), "ctx-size"));
    }
}

TEST(BashCompletion, Knows_each_command_and_how_each_value_is_completed) {
    const std::string text = bash_completion(sample_program());
    EXPECT_TRUE(has(text, "'pot ask' | 'pot eval' | 'pot eval needle')"));
    EXPECT_TRUE(has(text, "-f | --file) values=files ;;"));
    EXPECT_TRUE(has(text, "--data) values=folders ;;"));
    EXPECT_TRUE(has(text, "-c | --capacity) values=none ;;"));
    EXPECT_TRUE(has(text, "--kernels) values=words words='native ggml' ;;"));
}

TEST(ZshCompletion, Escapes_brackets_colons_and_quotes) {
    EXPECT_TRUE(has(zsh_completion(sample_program()),
                    R"('*'{-f,--file=}'[Text to read\: it'\''s \[UTF-8\]]:FILE:_files')"));
}

TEST(FishCompletion, Says_where_an_option_belongs) {
    const std::string text = fish_completion(sample_program());
    EXPECT_TRUE(
        has(text, "complete -c pot -n '__pot_at ask' -s c -l capacity -x -d 'Most entries'"));
    EXPECT_TRUE(has(text, "complete -c pot -n '__pot_at eval' -a needle -d 'Hides facts'"));
}

}  // namespace
}  // namespace infinipot::usage
