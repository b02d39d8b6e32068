#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Whether rules given at the beginning of a long text, as in a system prompt, are still obeyed
/// when most of what followed has been distilled away. The rules are our own, and of the kind whose
/// obedience a program can see.
namespace infinipot::eval {

struct Instruction {
    std::string_view name;
    std::string_view text;  ///< the rule, as the model reads it
    bool (*obeyed)(std::string_view answer);
};

/// All rules.
std::span<const Instruction> instructions();

/// "Instructions: ", the rule, and a blank line before the text that follows.
std::string opening(const Instruction& instruction);

/// Questions that any text can be asked. None of them mentions the rule.
std::span<const std::string_view> neutral_questions();

}  // namespace infinipot::eval
