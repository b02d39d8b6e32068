#include "text/character_set.h"

#include <algorithm>
#include <utility>

namespace infinipot {

namespace {

constexpr char32_t largest = 0x10FFFF;

}  // namespace

CharacterSet::CharacterSet(std::vector<Range> ranges, bool negated) {
    std::ranges::sort(ranges, {}, &Range::first);
    for (const Range& range : ranges) {
        const char32_t last = std::min(range.last, largest);
        if (range.first > last) continue;
        if (!ranges_.empty() && range.first <= ranges_.back().last)
            ranges_.back().last = std::max(ranges_.back().last, last);
        else
            ranges_.push_back({range.first, last});
    }
    if (!negated) return;
    char32_t next = 0;
    std::vector<Range> others;
    for (const Range& range : ranges_) {
        if (range.first > next) others.push_back({next, range.first - 1});
        next = range.last + 1;
    }
    if (next <= largest) others.push_back({next, largest});
    ranges_ = std::move(others);
}

bool CharacterSet::intersects(Range range) const {
    const auto place = std::ranges::lower_bound(ranges_, range.first, {}, &Range::last);
    return place != ranges_.end() && place->first <= range.last;
}

}  // namespace infinipot
