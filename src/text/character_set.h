#pragma once

#include <vector>

#include "base/utf8.h"

namespace infinipot {

/// A set of Unicode characters.
class CharacterSet {
   public:
    using Range = Utf8Decoder::Range;

    /// The characters of the ranges, or with `negated` all others. A range may be empty.
    CharacterSet(std::vector<Range> ranges, bool negated);

    /// Returns whether a character of `range` is in the set.
    bool intersects(Range range) const;

   private:
    std::vector<Range> ranges_;  // disjoint, rising
};

}  // namespace infinipot
