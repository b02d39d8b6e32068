#pragma once

#include <vector>

#include "base/state_archive.h"
#include "engine/measurements.h"
#include "engine/rotation_tables.h"

namespace infinipot {

/// Schedule::per_token: evicts one entry of each head for every token read, in place. The newest
/// entry moves to the freed slot and no other one moves; a TokenOrder remembers the reading order.
/// Sources: StreamingLLM, H2O and TOVA evict in this way.
///
/// With Positions::reset an entry of rank r has position first_position + r. An eviction raises
/// first_position by one: younger entries keep their position, and older ones move up by one and
/// are rotated again, from the unrotated key. Only distances matter to attention. When positions
/// have grown to twice the capacity, all start again at 0.
///
/// Borrows plan, cache and forward pass. Belongs to one thread, but for insert() and evict() of
/// different heads.
class PerTokenEviction {
   public:
    /// @throws Error(out_of_memory)
    PerTokenEviction(const Plan& plan, const Model::Impl& model, KvCache& cache,
                     ForwardPass& forward, Backend& backend);

    /// Counts n entries that were appended to the cache and stay.
    void append(int n) { order_.append(n); }

    /// Evicts one entry of every head.
    /// @throws what the policy throws, and then nothing has changed.
    void evict();

    /// Returns the position for the token in the cache's next slot, with Positions::reset.
    int next_position() const;

    // The steps of evict(), for callers that take a layer or a head at a time. Between begin() and
    // commit() the cache holds one entry more than is retained, and every head inserts and evicts
    // equally many.

    /// Appends an entry to every head, to be written by insert().
    void begin(const Tag& newest);

    /// Makes the entry that a graph has written to `slot`, behind n, the newest entry of a head.
    void insert(int il, int head, int slot, const Tag& tag);

    /// Returns the rank that the policy evicts from each head of one layer: [n_head_kv].
    /// @throws what the policy throws, or Error(invalid_argument) if it evicts more or fewer.
    std::vector<int> select(int il);

    /// Evicts the entry of `rank` from a head, the n_gone-th since commit().
    void evict(int il, int head, int rank, int n_gone);

    /// Ends the steps, in which every head has evicted `n_gone` entries.
    void commit(int n_gone);

    /// Returns how many more evictions fit before positions start again at 0.
    int left_to_new_positions() const;

    /// Writes or reads what the next eviction depends on. The cache is that of the state.
    void serialize(StateArchive& archive);

    const TokenOrder& order() const { return order_; }

    /// Returns the seconds spent in evict().
    double seconds() const { return seconds_; }

    /// Scratch and rotation tables; constant.
    std::size_t bytes() const {
        return tables_.bytes() + measurements_.bytes() + scratch_.size() * sizeof(float);
    }

   private:
    void rotate_oldest(int il, int head, int n, int first_position);
    int head_index(int il, int head) const { return il * cache_.shape().n_head_kv + head; }

    const Plan& plan_;
    KvCache& cache_;
    Measurements measurements_;
    RotationTables tables_;
    std::vector<float> scratch_;  // [n_head_kv, n_embd_head]: heads evict on different threads
    TokenOrder order_;
    int first_position_ = 0;  // of the oldest entry
    int n_old_ = 0;           // entries that the last eviction left
    double seconds_ = 0;
};

}  // namespace infinipot
