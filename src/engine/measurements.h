#pragma once

#include <array>
#include <vector>

#include "cache/token_order.h"
#include "engine/forward_pass.h"
#include "engine/plan.h"

namespace infinipot {

/// Makes the LayerView that a policy selects from: collects what Needs asks for from the cache, its
/// tags and the forward pass, and puts it into reading order. Borrows plan, cache and forward pass.
/// The constructor allocates everything. Belongs to one thread at a time.
class Measurements {
   public:
    /// Allocates one grid [n_head_kv][capacity] for each measurement that the policy needs.
    Measurements(const Plan& plan, const KvCache& cache, ForwardPass& forward);

    /// Returns the view of layer il, of whose entries the `n_new` most recent are new. Grids are
    /// [n_head_kv][n_kv], oldest entry first, and empty if the policy does not need them; surprisal
    /// is in nats, position counts from the start of the stream. With Needs::across_layers
    /// attention is the maximum over layers. `order` maps ranks to slots; null if slots are in
    /// reading order. Valid until the next call.
    /// @throws Error(interrupted) if the expected attention was being computed.
    LayerView view(int il, int n_new, const TokenOrder* order);

    /// Memory of the grids; constant.
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
