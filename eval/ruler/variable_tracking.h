#pragma once

#include "eval/ruler/item.h"

namespace infinipot::eval {

/// Variable tracking (RULER). The lines "VAR A = 12345", "VAR B = VAR A ", ... of a chain of four
/// hops lie in this order among lines of noise. The question asks for all five variables with the
/// value. A worked example with names of three letters comes first, of at most 500 tokens before
/// its answer.
///
/// One deviation from RULER: the example's assignments stand at other places in each item. RULER
/// draws only the example's names and value again and keeps the places.
RulerItem make_variable_tracking(const ItemSpec& spec);

}  // namespace infinipot::eval
