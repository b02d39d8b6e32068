#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "text/character_set.h"

namespace infinipot {

/// A grammar as rules of alternatives. Groups and repetitions have rules of their own.
struct Grammar {
    /// A rule or one character of a set.
    struct Element {
        int rule = -1;  ///< index in `rules`; -1: none
        int set = -1;   ///< index in `sets`; -1: none
    };
    using Sequence = std::vector<Element>;
    struct Rule {
        std::string name;  ///< of the rule in the text; a group's is the one around it
        std::vector<Sequence> alternatives;
    };
    std::vector<Rule> rules;
    std::vector<CharacterSet> sets;
    std::size_t root = 0;  ///< index of the rule "root"
};

/// Parses GBNF, without tokens in angle brackets. All rules that are used are defined, and "root"
/// is. gbnf: UTF-8 without zero bytes.
/// @throws Error(invalid_argument) with a sentence that says what is wrong and where.
Grammar parse_grammar(std::string_view gbnf);

}  // namespace infinipot
