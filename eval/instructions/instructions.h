#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Rules given at the beginning of a long text, as in a system prompt. The experiment tests whether
/// a model still obeys them when distillations have evicted most of the text behind them. The rules
/// are our own, and a program can check each answer for obedience.
namespace infinipot::eval {

struct Instruction {
    std::string_view name;
    std::string_view text;  ///< the rule, as the model reads it
    bool (*obeyed)(std::string_view answer);
};

/// Returns all rules.
std::span<const Instruction> instructions();

/// Returns "Instructions: ", the rule, and a blank line.
std::string opening(const Instruction& instruction);

/// Returns questions that suit any text. None of them mentions a rule.
std::span<const std::string_view> neutral_questions();

}  // namespace infinipot::eval
