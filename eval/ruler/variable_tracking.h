#pragma once

#include "eval/ruler/item.h"

namespace infinipot::eval {

/// Variable tracking: the lines "VAR A = 12345", "VAR B = VAR A ", ... of one chain of four hops
/// lie in this order among lines of noise, and all five variables that have the value are asked
/// for. A worked example with names of three letters, of at most 500 tokens before its answer,
/// comes first.
///
/// One deviation from RULER: the assignments of the example stand in other places for each item,
/// where RULER draws its names and its value anew and leaves their places.
RulerItem make_variable_tracking(const ItemSpec& spec);

}  // namespace infinipot::eval
