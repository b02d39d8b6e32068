#pragma once

#include <span>
#include <vector>

#include "base/state_archive.h"

namespace infinipot {

/// The reading order of each head's slots, for a cache that gives a freed slot to the newest entry.
/// The *rank* of an entry is its place in reading order, 0 the oldest.
///
/// Heads are counted over all layers: il * n_head_kv + head. All have equally many entries. Heads
/// may be changed on different threads; append() and shrink() belong to one.
class TokenOrder {
   public:
    TokenOrder(int n_heads, int capacity);

    int n() const { return n_; }

    /// Returns the slots of one head, that of the oldest entry first: [n].
    std::span<const int> slots(int head) const;

    /// Adds the next n slots of every head, the newest last.
    void append(int n);

    /// Makes slot n-1 of a head that of its newest entry.
    void renew(int head) { begin(head)[n_ - 1] = n_ - 1; }

    /// Removes the entry of `rank`, to whose slot the newest entry moves from slot n-1. To be
    /// called for every head, and then shrink() once.
    void replace(int head, int rank);

    /// Writes or reads the order. Reading checks that it names each slot once.
    void serialize(StateArchive& archive);

    /// Counts one entry less in every head.
    void shrink() { --n_; }

   private:
    int* begin(int head);

    int capacity_;
    int n_ = 0;
    std::vector<int> slots_;  // [n_heads, capacity]
};

}  // namespace infinipot
