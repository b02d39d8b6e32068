#pragma once

#include <vector>

#include "text/vocabulary.h"

namespace infinipot {

/// Returns an estimate of the `n` most frequent tokens in texts, ascending. The vocabulary gives
/// it: first all tokens of a single character or byte, which some vocabularies list last. The
/// others follow in the vocabulary's order, the order of the merges in its training: most frequent
/// first.
std::vector<Token> frequent_tokens(const Vocabulary& vocabulary, int n);

}  // namespace infinipot
