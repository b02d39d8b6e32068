#pragma once

#include <span>
#include <vector>

#include "base/state_archive.h"
#include "model/graph_builder.h"
#include "tensor/handles.h"

namespace infinipot {

/// Mean and covariance of the queries before RoPE, for every query head. Expected Attention (arXiv
/// 2510.00636) estimates future queries from them. Allocates two F32 [n_layer, n_head, n_embd_head,
/// n_embd_head] once. Costs n_embd_head^2 products per token and head.
class QueryStatistics {
   public:
    /// @throws Error(out_of_memory) if the device has too little memory.
    QueryStatistics(const CacheShape& shape, int n_head, ggml_backend_buffer_type_t type);

    /// Returns a hook for a batch's graph that measures all its queries but the first `n_skipped`.
    AttentionHook hook(ggml_context* context, ggml_cgraph* graph, int n_skipped) const;

    /// Adds the sums of the last computed graph, `n_queries` of each head.
    void commit(int n_queries);
    /// Forgets all queries.
    void forget();

    int n() const { return n_; }  ///< queries of each head since forget()

    /// Mean [n_head, n_embd_head] and covariance [n_head, n_embd_head, n_embd_head] (sums divided
    /// by n) of one layer.
    void mean(int il, std::span<float> out) const;
    void covariance(int il, std::span<float> out) const;

    /// Writes or reads the sums.
    void serialize(StateArchive& archive);

    std::size_t bytes() const;

   private:
    int n_embd_head_;
    int n_head_;
    int n_ = 0;
    ContextHandle context_;
    BufferHandle buffer_;
    ggml_tensor* batch_sums_;      // F32 [n_embd_head, n_head, n_layer]
    ggml_tensor* batch_products_;  // F32 [n_embd_head, n_embd_head, n_head, n_layer]
    std::vector<float> sums_;      // of batch_sums_, since forget()
    std::vector<float> products_;  // of batch_products_, since forget()
};

/// Upper bound on the nodes per layer that hook() adds.
constexpr std::size_t query_statistics_nodes = 12;

}  // namespace infinipot
