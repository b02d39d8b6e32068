#pragma once

#include <vector>

#include "engine/forward_pass.h"
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

    /// Leaves `retain` entries per head. `stream_position` is that of the next token.
    /// @throws Error(interrupted) or what the policy throws, and then nothing has changed.
    void distil(std::int64_t stream_position);

    const Times& times() const { return times_; }

    // The steps of distil(), one after another.
    std::span<const float> observe(std::int64_t stream_position);
    KeptSlots select(std::span<const float> attention);

   private:
    LayerView view(int il, std::span<const float> attention);
    std::vector<Keep> keep_protected() const;
    int gather(const KeptSlots& kept);
    void renumber(int first_moved);

    const Plan& plan_;
    KvCache& cache_;
    ForwardPass& forward_;
    Times times_;
    std::vector<float> surprisal_;  // [n_head_kv, n_kv] of one layer
};

}  // namespace infinipot
