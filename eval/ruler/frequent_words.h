#pragma once

#include "eval/ruler/item.h"

namespace infinipot::eval {

/// Frequent words extraction (RULER). The text consists of random words of six letters, with one
/// distinct word for every 50 tokens of the length. A zeta distribution of exponent 2 gives their
/// counts: the word of rank k occurs n k^-2 / zeta(2) times. Rank 1 is noise, "...". The question
/// asks for ranks 2 to 4.
///
/// Deviations from RULER: each item has its own random order, where RULER shuffles all items alike.
/// A length at which ranks 4 and 5 could occur equally often is refused.
RulerItem make_frequent_words(const ItemSpec& spec);

}  // namespace infinipot::eval
