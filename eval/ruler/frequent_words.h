#pragma once

#include "eval/ruler/item.h"

namespace infinipot::eval {

/// Frequent words extraction: words of six random letters, one kind for every 50 tokens of the
/// length, of which the one of rank k stands as often as a zeta distribution of exponent 2 says,
/// n k^-2 / zeta(2) times. Rank 1 is noise, "..."; ranks 2 to 4 are asked for.
///
/// One deviation from RULER: the words are drawn anew for each item, where RULER shuffles the same
/// way for all of them; and a length at which ranks 4 and 5 could stand equally often is refused.
RulerItem make_frequent_words(const ItemSpec& spec);

}  // namespace infinipot::eval
