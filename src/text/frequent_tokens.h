#pragma once

#include <cstdint>
#include <vector>

#include "text/vocabulary.h"

namespace infinipot {

/// Returns an estimate of where the `n` most frequent tokens of texts are in a vocabulary, in runs
/// of `length` adjacent tokens: run i has the tokens from i * length on. Runs are ascending. The
/// vocabulary gives the estimate. Runs of single characters and bytes, which some vocabularies list
/// last, come first. The others follow in the vocabulary's order, the order of the merges in its
/// training: most frequent first.
std::vector<std::int32_t> frequent_runs(const Vocabulary& vocabulary, int n, int length);

}  // namespace infinipot
