#pragma once

#include <vector>

#include "text/vocabulary.h"

namespace infinipot {

/// Returns one flag per token: 1 if the token ends a sentence or a line. Such a token contains a
/// line break, or ends with a full stop, question mark or the like. Quotation marks and brackets
/// may follow the full stop.
std::vector<char> sentence_ends(const Vocabulary& vocabulary);

}  // namespace infinipot
