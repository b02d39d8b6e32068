#pragma once

#include <array>
#include <vector>

#include "cache/token_order.h"
#include "engine/forward_pass.h"
#include "engine/plan.h"

namespace infinipot {

/// What a policy is shown of each layer: gathered from the pot and from what forward passes have
/// left, and put into reading order. Allocates everything at construction.
class Measurements {
   public:
    Measurements(const Plan& plan, const KvCache& cache, ForwardPass& forward);

    /// Of the pot as it is, of which the `n_new` most recent entries are new; valid until the next
    /// call. `order` says where entries lie; null if slots are in reading order.
    LayerView view(int il, int n_new, const TokenOrder* order);

    std::size_t bytes() const;

   private:
    using Values = std::vector<float>;  // [n_head_kv, n_kv] of one layer

    template <typename Fill>
    Grid<const float> grid(Values& values, Fill fill, int il, const TokenOrder* order);
    void fill_attention(int il, int head, std::span<float> out) const;
    void compare_layers();
    template <typename Value, typename Of>
    Grid<const Value> of_tags(std::vector<Value>& values, Of of, int il,
                              const TokenOrder* order) const;

    const Plan& plan_;
    const KvCache& cache_;
    ForwardPass& forward_;
    Values attention_, across_layers_, surprisal_, key_norm_, value_norm_, key_similarity_,
        expected_attention_;
    std::vector<std::int64_t> position_;
    std::vector<char> ends_sentence_;
    std::vector<float> by_slot_;  // of one head
};

}  // namespace infinipot
