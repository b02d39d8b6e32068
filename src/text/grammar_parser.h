#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace infinipot {

/// A grammar as rules of alternatives. Groups and repetitions have rules of their own, as libllama
/// has them, and characters are told apart from rules alone.
struct Grammar {
    struct Element {
        int rule = -1;  ///< index of a rule; -1: a character
    };
    using Sequence = std::vector<Element>;
    struct Rule {
        std::string name;  ///< of the rule in the text; a group's is the one around it
        std::vector<Sequence> alternatives;
    };
    std::vector<Rule> rules;
};

/// Parses GBNF, without tokens in angle brackets. All rules that are used are defined, and "root"
/// is. gbnf: UTF-8 without zero bytes.
/// @throws Error(invalid_argument) with a sentence that says what is wrong and where.
Grammar parse_grammar(std::string_view gbnf);

}  // namespace infinipot
