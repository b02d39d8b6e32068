#pragma once

#include "eval/ruler/item.h"
#include "eval/ruler/word_lists.h"

namespace infinipot::eval {

/// Common words extraction: in a numbered list ten words stand 30 times each and all others three
/// times, or six times and once where prompt and answer have less than 4,096 tokens; the ten are
/// asked for. A worked example on 40 words (10 times and three times; or 20 words, three times and
/// once) comes first.
///
/// One deviation from RULER: where more different words are wanted than the lists have, 8,166, or
/// 91,000 tokens of four characters, RULER turns to another list, which is not here; the prompt is
/// then shorter than it might be.
/// @throws Error(file_error) if the lists have fewer words than the example wants.
RulerItem make_common_words(const ItemSpec& spec, const WordLists& words);

}  // namespace infinipot::eval
