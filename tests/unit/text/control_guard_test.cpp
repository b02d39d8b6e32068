#include "text/control_guard.h"

#include <gtest/gtest.h>

#include "infinipot/error.h"

namespace infinipot {
namespace {

class ControlGuardTest : public testing::Test {
   protected:
    ControlGuardTest() {
        words_.add({.text = "<s>"});
        words_.add({.text = "<s><s>"});
        words_.add({.text = "\uff5cend"});
    }

    ControlWords words_;
};

TEST_F(ControlGuardTest, Leaves_no_control_word_whole) {
    const ControlGuard guard(words_, "");
    const std::string text = guard.guarded("a<s><s><s> \uff5cend <s");
    for (std::size_t i = 0; i < text.size(); ++i) EXPECT_EQ(words_.find_at(text, i), nullptr) << i;
}

TEST_F(ControlGuardTest, Makes_input_of_what_it_broke_and_restores_the_text) {
    const std::string text = "a<s>\uff5cend";
    const ControlGuard guard(words_, text);
    const std::vector<PromptPart> lost = {{"<s>" + guard.guarded(text) + "<s>", false}};
    const std::vector<PromptPart> expected = {
        {"<s>a", false}, {"<", true}, {"s>", false}, {"\uff5c", true}, {"end<s>", false}};
    EXPECT_EQ(guard.unguarded(lost), expected);
}

TEST_F(ControlGuardTest, Keeps_input_whole) {
    const ControlGuard guard(words_, "a<s>b");
    const std::vector<PromptPart> expected = {{"a<s>b", true}};
    EXPECT_EQ(guard.unguarded(std::vector<PromptPart>{{guard.guarded("a<s>b"), true}}), expected);
}

TEST_F(ControlGuardTest, Recognises_itself_in_JSON_of_ASCII) {
    const ControlGuard guard(words_, "<s>");
    const std::vector<PromptPart> expected = {{"\"", false}, {"<", true}, {"s>\"", false}};
    EXPECT_EQ(guard.unguarded(std::vector<PromptPart>{{"\"<\\ufdd0s>\"", false}}), expected);
}

TEST_F(ControlGuardTest, Is_a_character_that_nobody_says) {
    std::string said = "<s>\ufdd0\\ufdd1";
    const ControlGuard guard(words_, said);
    EXPECT_EQ(guard.guarded("<s>"), "<\ufdd2s>");
    const std::vector<PromptPart> expected = {{said, true}};
    EXPECT_EQ(guard.unguarded(std::vector<PromptPart>{{guard.guarded(said), true}}), expected);
}

TEST_F(ControlGuardTest, Refuses_messages_that_leave_it_no_character) {
    std::string said;
    for (int i = 0; i < 32; ++i) said += {'\xEF', '\xB7', static_cast<char>(0x90 + i)};
    EXPECT_THROW(ControlGuard(words_, said), Error);
}

}  // namespace
}  // namespace infinipot
