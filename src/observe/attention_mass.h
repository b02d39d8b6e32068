#pragma once

#include "model/graph_builder.h"
#include "tensor/handles.h"

namespace infinipot {

/// Attention mass each entry receives from the tokens of a batch: probabilities summed over the
/// batch's queries and averaged over the query heads of a group. Memory for [n_layer, n_head_kv,
/// capacity] F32, allocated once. With hook() it costs one extra softmax(QK^T) of the batch's rows
/// per layer. Source: InfiniPot Eq. 2, App. B lines 3-4.
class AttentionMass {
   public:
    /// @throws Error(out_of_memory)
    AttentionMass(const CacheShape& shape, ggml_backend_buffer_type_t type);

    /// What to build a batch's graph with, so that it measures. `graph` is the one being built.
    AttentionHook hook(ggml_context* context, ggml_cgraph* graph) const;

    /// F32 [capacity, n_head_kv] of one layer, for those who measure themselves.
    ggml_tensor* of_layer(ggml_context* context, int il) const;

    /// Adds the first n_kv slots of all layers and heads, as the last computed graph left them, to
    /// `sums`: [n_layer, n_head_kv, capacity].
    void add_to(std::span<float> sums, int n_kv);

    std::size_t bytes() const {
        return ggml_backend_buffer_get_size(buffer_.get()) + copy_.size() * sizeof(float);
    }

   private:
    CacheShape shape_;
    ContextHandle context_;
    BufferHandle buffer_;
    ggml_tensor* mass_;        // F32 [capacity, n_head_kv, n_layer]
    std::vector<float> copy_;  // of it, where the CPU cannot read it
};

/// The nodes that measure one layer; result F32 [n_kv, n_head_kv].
ggml_tensor* build_attention_mass(ggml_context* context, const AttentionInputs& inputs);

/// Upper bound on the nodes per layer that hook() adds.
constexpr std::size_t attention_mass_nodes = 16;

}  // namespace infinipot
