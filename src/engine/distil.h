#pragma once

#include <span>
#include <vector>

#include "engine/forward_pass.h"
#include "engine/measurements.h"
#include "engine/plan.h"

namespace infinipot {

/// Continual Context Distillation: reduces a pot that is full to the entries that its policy keeps.
/// Source: InfiniPot §3.2, §3.3 and Appendix B.
class Distiller {
   public:
    /// Seconds spent, added up over all distillations.
    struct Times {
        double catalyst = 0;
        double select = 0;
        double gather = 0;
    };

    Distiller(const Plan& plan, KvCache& cache, ForwardPass& forward);

    /// Measures what `question`, which comes at `position`, attends to, as if it were the catalyst.
    /// @throws as distil()
    void attend(std::span<const Token> question, int position);

    /// The `n` entries of each head that the policy keeps by what was measured last; the pot is
    /// left as it is.
    KeptSlots choose(int n);

    /// Leaves `n` entries per head, among them at least the `n_last` most recent.
    /// `stream_position` is that of the next token.
    /// @throws Error(interrupted) or what the policy throws, and then nothing has changed.
    void distil(std::int64_t stream_position, int n, int n_last = 0);

    const Times& times() const { return times_; }

    // The steps of distil(), one after another.
    void observe(std::int64_t stream_position);
    KeptSlots select(int n, int n_last);

    /// Rotates what has moved for the slots it is in now, those from `first_moved` on.
    void renumber(int first_moved);

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
    int n_old_ = 0;  // entries that the last distillation chose
};

}  // namespace infinipot
