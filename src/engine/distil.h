#pragma once

#include <span>
#include <vector>

#include "base/state_archive.h"
#include "engine/forward_pass.h"
#include "engine/measurements.h"
#include "engine/plan.h"

namespace infinipot {

/// Continual Context Distillation: reduces a full KV cache to the entries that the policy keeps.
/// Borrows plan, cache and forward pass. Belongs to one thread at a time.
/// Source: InfiniPot §3.2, §3.3 and Appendix B.
class Distiller {
   public:
    /// Seconds spent in each step, over all distillations.
    struct Times {
        double catalyst = 0;
        double select = 0;
        double gather = 0;
    };

    Distiller(const Plan& plan, KvCache& cache, ForwardPass& forward);

    /// Measures what `question` attends to, as if it were the catalyst. Its first token is rotated
    /// as `position`.
    /// @throws Error(interrupted), and then nothing has happened.
    void attend(std::span<const Token> question, int position);

    /// Returns the `n` entries of each head that the policy keeps by what was measured last. Leaves
    /// the cache as it is.
    /// @throws what the policy throws
    KeptSlots choose(int n);

    /// Evicts all but `n` entries per head. The `n_last` most recent ones are kept.
    /// `stream_position`: of the next token.
    /// @throws Error(interrupted) or what the policy throws, and then nothing has changed.
    void distil(std::int64_t stream_position, int n, int n_last = 0);

    const Times& times() const { return times_; }

    // The steps of distil(), one after another; the third is private.

    /// Runs the catalyst and measures what it attends to.
    /// @throws Error(interrupted), and then nothing has happened.
    void observe(std::int64_t stream_position);

    /// Returns the slots that distil() keeps.
    /// @throws what the policy throws
    KeptSlots select(int n, int n_last);

    /// Rotates keys from slot `first_moved` on for the slots they are in now, unless positions are
    /// kept.
    void renumber(int first_moved);

    /// Writes or reads what the next distillation depends on, and times().
    void serialize(StateArchive& archive);

    std::size_t bytes() const { return measurements_.bytes(); }

   private:
    KeptSlots select_from(const Keep& keep);
    KeptSlots select_in_layer(int il, const Keep& keep);
    Keep keep_protected(int n, int n_last) const;
    int gather(const KeptSlots& kept);

    const Plan& plan_;
    KvCache& cache_;
    ForwardPass& forward_;
    Measurements measurements_;
    Times times_;
    int n_old_ = 0;  // entries that the last distillation kept, less its n_last
};

}  // namespace infinipot
