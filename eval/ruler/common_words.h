#pragma once

#include "eval/ruler/item.h"
#include "eval/ruler/word_lists.h"

namespace infinipot::eval {

/// Common words extraction (RULER). A numbered list has ten common words 30 times each and all
/// others three times. In prompts of less than 4,096 tokens, answer included, the counts are six
/// and one. The question asks for the ten. A worked example precedes it: 40 words with counts ten
/// and three, or 20 words with counts three and one.
///
/// One deviation from RULER: the lists have 8,166 different words. RULER turns to another list when
/// it needs more, from about 91,000 tokens of four characters on. We do not have that list, and the
/// prompt is then shorter than the length.
/// @throws Error(file_error) if the lists have fewer words than the example needs
RulerItem make_common_words(const ItemSpec& spec, const WordLists& words);

}  // namespace infinipot::eval
