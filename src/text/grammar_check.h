#pragma once

#include <string_view>

#include "text/grammar_parser.h"

namespace infinipot {

/// Parses a grammar in GBNF and refuses what cannot be followed. A grammar has at most 64 KiB, 64
/// nested groups and 100,000 elements after its repetitions are written out; no rule may begin with
/// itself; and there must be a rule named root. Elements in angle brackets, which name tokens, are
/// not supported.
/// Source of the syntax: llama.cpp, grammars/README.md and src/llama-grammar.cpp.
/// @throws Error(invalid_argument) with a sentence that says what is wrong and where.
/// @throws Error(bad_text) if the grammar is not UTF-8.
Grammar checked_grammar(std::string_view gbnf);

}  // namespace infinipot
