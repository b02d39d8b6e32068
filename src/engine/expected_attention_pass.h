#pragma once

#include <vector>

#include "engine/rotation_tables.h"
#include "observe/expected_attention.h"
#include "tensor/workspace.h"

namespace infinipot {

/// Expected Attention over a KV cache: gathers statistics of the queries that have passed, and
/// estimates the attention that entries will receive from those to come. The caller lends the
/// workspace. Belongs to one thread at a time.
/// Source: Expected Attention (Devoto et al., 2025).
class ExpectedAttentionPass {
   public:
    /// Leaves out the `n_sink` oldest entries and their queries.
    /// @throws Error(out_of_memory)
    ExpectedAttentionPass(const Model::Impl& model, const KvCache& cache, Backend& backend,
                          int n_sink);

    QueryStatistics statistics;

    /// Returns how many of a batch's first queries belong to sinks.
    int n_skipped(const Batch& batch) const;

    /// Lets the workspace allocate for expect().
    /// @throws Error(out_of_memory)
    void reserve(Workspace& workspace);

    /// Returns the attention that each entry of a layer may expect: [n_head_kv][n_kv], 0 for sinks.
    /// Valid until the next call.
    std::span<const float> expect(int il, Workspace& workspace);

    std::size_t bytes() const;

   private:
    Workspace::Build graph(int il, int n_kv, ExpectedAttentionInputs& inputs,
                           ggml_tensor*& result) const;

    const Model::Impl& model_;
    const KvCache& cache_;
    int n_head_;
    int n_sink_;
    RotationTables tables_;
    std::vector<float> mean_;        // [n_head, n_embd_head]
    std::vector<float> covariance_;  // [n_head, n_embd_head, n_embd_head]
    std::vector<float> expected_;    // [n_head_kv, capacity]
};

}  // namespace infinipot
