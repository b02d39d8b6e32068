#pragma once

#include <span>
#include <vector>

namespace infinipot {

/// Which slot holds the oldest entry of a head, which the next, and so on, where a freed slot is
/// given to the newest entry and slots are therefore no longer in reading order. An entry's *rank*
/// is its place in reading order, 0 the oldest.
///
/// Heads are counted over all layers: il * n_head_kv + head. All have equally many entries.
class TokenOrder {
   public:
    TokenOrder(int n_heads, int capacity);

    int n() const { return n_; }

    /// Of one head, oldest first: [n].
    std::span<const int> slots(int head) const;

    /// The next n slots of every head hold new entries, the newest last.
    void append(int n);

    /// The newest entry, that in slot n-1, has become another one.
    void renew(int head) { begin(head)[n_ - 1] = n_ - 1; }

    /// The entry of `rank` leaves, and the newest, which lies in slot n-1, moves to its slot.
    /// To be called for every head, and then shrink() once.
    void replace(int head, int rank);
    void shrink() { --n_; }

   private:
    int* begin(int head);

    int capacity_;
    int n_ = 0;
    std::vector<int> slots_;  // [n_heads, capacity]
};

}  // namespace infinipot
