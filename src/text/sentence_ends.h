#pragma once

#include <vector>

#include "text/vocabulary.h"

namespace infinipot {

/// Of every token, whether a sentence or a line ends with it: one with a line break, or one that
/// closes with a full stop or the like, behind which quotation marks and brackets may stand.
std::vector<char> sentence_ends(const Vocabulary& vocabulary);

}  // namespace infinipot
