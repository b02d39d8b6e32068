#pragma once

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

    /// Leaves `retain` entries per head, among them at least the `n_last` most recent.
    /// `stream_position` is that of the next token.
    /// @throws Error(interrupted) or what the policy throws, and then nothing has changed.
    void distil(std::int64_t stream_position, int n_last = 0);

    const Times& times() const { return times_; }

    // The steps of distil(), one after another.
    void observe(std::int64_t stream_position);
    KeptSlots select(int n_last);

    std::size_t bytes() const { return measurements_.bytes(); }

   private:
    KeptSlots select_in_layer(int il, int n_last);
    std::vector<Keep> keep_protected(int n_last) const;
    int gather(const KeptSlots& kept);
    void renumber(int first_moved);

    const Plan& plan_;
    KvCache& cache_;
    ForwardPass& forward_;
    Measurements measurements_;
    Times times_;
    int n_old_ = 0;  // entries that the last distillation chose
};

}  // namespace infinipot
