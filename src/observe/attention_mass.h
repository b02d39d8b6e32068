#pragma once

#include "model/graph_builder.h"
#include "tensor/handles.h"

namespace infinipot {

/// Attention mass that each entry receives from the tokens of a batch: probabilities summed over
/// the batch's queries and averaged over the query heads of a group. Allocates F32 [n_layer,
/// n_head_kv, capacity] once. hook() costs one more softmax(QK^T) of the batch's rows per layer.
/// Source: InfiniPot Eq. 2, App. B lines 3-4.
class AttentionMass {
   public:
    /// @throws Error(out_of_memory) if the device has too little memory.
    AttentionMass(const CacheShape& shape, ggml_backend_buffer_type_t type);

    /// Returns a hook for a batch's graph that measures the mass. `graph` is the graph being built.
    AttentionHook hook(ggml_context* context, ggml_cgraph* graph) const;

    /// Returns the F32 [capacity, n_head_kv] of one layer, for a kernel that writes the mass
    /// itself.
    ggml_tensor* of_layer(ggml_context* context, int il) const;

    /// Adds the mass that the last computed graph measured to `sums` [n_layer, n_head_kv,
    /// capacity]: the first n_kv slots of all layers and heads.
    void add_to(std::span<float> sums, int n_kv);

    std::size_t bytes() const {
        return ggml_backend_buffer_get_size(buffer_.get()) + copy_.size() * sizeof(float);
    }

   private:
    CacheShape shape_;
    ContextHandle context_;
    BufferHandle buffer_;
    ggml_tensor* mass_;        // F32 [capacity, n_head_kv, n_layer]
    std::vector<float> copy_;  // of mass_, if the CPU cannot read it
};

/// Builds the nodes that measure one layer. Result: F32 [n_kv, n_head_kv].
ggml_tensor* build_attention_mass(ggml_context* context, const AttentionInputs& inputs);

/// Upper bound on the nodes per layer that hook() adds.
constexpr std::size_t attention_mass_nodes = 16;

}  // namespace infinipot
