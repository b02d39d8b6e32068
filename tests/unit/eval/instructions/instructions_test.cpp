#include "eval/instructions/instructions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace infinipot::eval {
namespace {

bool obeyed(std::string_view rule, std::string_view answer) {
    return std::ranges::find(instructions(), rule, &Instruction::name)->obeyed(answer);
}

TEST(Instructions, Check_the_first_and_the_last_word_without_case_and_punctuation) {
    EXPECT_TRUE(obeyed("captain", " \"Captain, it is Holmes.\""));
    EXPECT_FALSE(obeyed("captain", "Holmes, captain."));
    EXPECT_FALSE(obeyed("captain", "Captaincy"));
    EXPECT_TRUE(obeyed("done", "It is Holmes. Done.\n"));
    EXPECT_FALSE(obeyed("done", "Done: it is Holmes."));
    EXPECT_FALSE(obeyed("done", ""));
}

TEST(Instructions, Find_a_word_anywhere) {
    EXPECT_TRUE(obeyed("banana", "He ate two Bananas."));
    EXPECT_FALSE(obeyed("banana", "He ate bananarama."));
}

TEST(Instructions, Reject_small_letters_where_capitals_are_wanted) {
    EXPECT_TRUE(obeyed("capitals", "IT IS HOLMES, 221B."));
    EXPECT_FALSE(obeyed("capitals", "IT IS HOLMEs."));
    EXPECT_FALSE(obeyed("capitals", "221."));
}

TEST(Instructions, Accept_one_word_alone) {
    EXPECT_TRUE(obeyed("one-word", " Holmes."));
    EXPECT_FALSE(obeyed("one-word", "Sherlock Holmes"));
    EXPECT_FALSE(obeyed("one-word", "42"));
}

TEST(Instructions, Are_obeyed_neither_by_an_ordinary_answer_nor_by_the_questions) {
    for (const Instruction& instruction : instructions()) {
        EXPECT_FALSE(instruction.obeyed("The text is about Sherlock Holmes.")) << instruction.name;
        EXPECT_NE(opening(instruction).find(instruction.text), std::string::npos);
        for (const std::string_view question : neutral_questions())
            EXPECT_FALSE(instruction.obeyed(question)) << instruction.name;
    }
}

}  // namespace
}  // namespace infinipot::eval
