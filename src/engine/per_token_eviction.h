#pragma once

#include <vector>

#include "engine/measurements.h"
#include "engine/rotation_tables.h"

namespace infinipot {

/// Schedule::per_token: one entry of each head leaves for every token that comes, in place. The
/// freed slot is given to the newest entry, so nothing else is moved; where entries lie is kept in
/// a TokenOrder. Sources: StreamingLLM, H2O and TOVA evict in this way.
///
/// With Positions::reset an entry of rank r sits at position first_position + r. When one leaves,
/// first_position grows by one: entries younger than it keep their position, and those older step
/// one up and are rotated anew, from the unrotated key. Only distances matter to attention, and
/// when positions have grown to twice the capacity all start again at 0. Belongs to one thread.
class PerTokenEviction {
   public:
    PerTokenEviction(const Plan& plan, const Model::Impl& model, KvCache& cache,
                     ForwardPass& forward, Backend& backend);

    /// The pot has got n more entries, which are there to stay.
    void append(int n) { order_.append(n); }

    /// Lets one entry of every head leave.
    /// @throws what the policy throws, and then nothing has changed.
    void evict();

    /// Where the token in the pot's next slot is to be rotated to; with Positions::reset only.
    int next_position() const;

    // The steps of evict(), for those who take a layer or a head at a time. Between begin() and
    // commit() the pot holds one entry more than is retained, and every head inserts and evicts
    // equally many.

    void begin(const Tag& newest);

    /// What a graph has written to `slot`, behind the pot, becomes the newest entry of a head.
    void insert(int il, int head, int slot, const Tag& tag);

    /// The ranks that leave the heads of one layer.
    /// @throws what the policy throws
    std::vector<int> select(int il);

    /// The entry of `rank` leaves a head, as the n_gone-th since commit().
    void evict(int il, int head, int rank, int n_gone);

    /// `n_gone` entries have left every head.
    void commit(int n_gone);

    /// How many more can leave until positions start anew.
    int left_to_new_positions() const;

    const TokenOrder& order() const { return order_; }
    double seconds() const { return seconds_; }
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
    std::vector<float> scratch_;  // [n_head_kv, n_embd_head]: heads let go on threads of their own
    TokenOrder order_;
    int first_position_ = 0;  // of the oldest entry
    int n_old_ = 0;           // entries that the last eviction left
    double seconds_ = 0;
};

}  // namespace infinipot
