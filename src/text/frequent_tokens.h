#pragma once

#include <vector>

#include "text/vocabulary.h"

namespace infinipot {

/// The `n` tokens that a text consists of most often, as far as a vocabulary tells, ascending:
/// those of a single character or byte, which some list last, and then in the vocabulary's order,
/// which is that in which its training merged them: the most frequent first.
std::vector<Token> frequent_tokens(const Vocabulary& vocabulary, int n);

}  // namespace infinipot
