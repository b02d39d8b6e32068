#include "cache/token_order.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <numeric>

namespace infinipot {

TokenOrder::TokenOrder(int n_heads, int capacity)
    : capacity_(capacity),
      slots_(static_cast<std::size_t>(n_heads) * static_cast<std::size_t>(capacity)) {}

int* TokenOrder::begin(int head) {
    return slots_.data() + static_cast<std::ptrdiff_t>(head) * capacity_;
}

std::span<const int> TokenOrder::slots(int head) const {
    const auto at = static_cast<std::size_t>(head) * static_cast<std::size_t>(capacity_);
    return std::span(slots_).subspan(at, static_cast<std::size_t>(n_));
}

void TokenOrder::append(int n) {
    assert(n_ + n <= capacity_);
    for (auto row = slots_.begin(); row != slots_.end(); row += capacity_) {
        std::iota(row + n_, row + n_ + n, n_);
    }
    n_ += n;
}

void TokenOrder::serialize(StateArchive& archive) {
    archive.number(n_, 0, capacity_);
    const auto n = static_cast<std::size_t>(n_);
    std::vector<char> named(n);
    for (auto row = slots_.begin(); row != slots_.end(); row += capacity_) {
        archive.block(std::span(row, n));
        if (!archive.reads()) continue;
        std::ranges::fill(named, 0);
        for (const int slot : std::span(row, n)) {
            archive.require(0 <= slot && slot < n_ && !named[static_cast<std::size_t>(slot)]);
            named[static_cast<std::size_t>(slot)] = 1;
        }
    }
}

void TokenOrder::replace(int head, int rank) {
    assert(0 <= rank && rank < n_);
    int* const order = begin(head);
    assert(order[n_ - 1] == n_ - 1 && "the newest entry is in the last slot");
    const int freed = order[rank];
    std::copy(order + rank + 1, order + n_, order + rank);
    if (rank != n_ - 1) order[n_ - 2] = freed;
}

}  // namespace infinipot
