#pragma once

#include <string>
#include <string_view>

namespace infinipot {

/// Refuses a grammar in GBNF that libllama's sampler could not use: it prints the whole text of one
/// that does not parse, and some make it loop without end, overflow the stack or abort. A grammar
/// has at most 64 KiB, 64 nested groups and 100,000 elements after its repetitions are written out;
/// no rule may begin with itself; and there must be a rule named root. Elements in angle brackets,
/// which name tokens, are not supported.
/// Source of the syntax: llama.cpp, grammars/README.md and src/llama-grammar.cpp.
/// @throws Error(invalid_argument) with a sentence that says what is wrong and where.
void check_grammar(std::string_view gbnf);

}  // namespace infinipot
