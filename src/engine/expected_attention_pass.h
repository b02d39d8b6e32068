#pragma once

#include <vector>

#include "engine/rotation_tables.h"
#include "observe/expected_attention.h"
#include "tensor/workspace.h"

namespace infinipot {

/// Expected Attention over a pot: the statistics of the queries that have passed, and what entries
/// may expect of those to come. The workspace is its caller's.
class ExpectedAttentionPass {
   public:
    /// The `n_sink` oldest entries take no part, and neither do their queries.
    /// @throws Error(out_of_memory)
    ExpectedAttentionPass(const Model::Impl& model, const KvCache& cache, Backend& backend,
                          int n_sink);

    QueryStatistics statistics;

    /// How many of a batch's queries, which begin at `first_slot`, are those of sinks.
    int n_skipped(const Batch& batch) const;

    void reserve(Workspace& workspace);

    /// Of one layer: [n_head_kv][n_kv], valid until the next call.
    std::span<const float> expect(int il, Workspace& workspace);

    std::size_t bytes() const;

   private:
    Workspace::Build graph(int il, int n_kv, ExpectedAttentionInputs& inputs,
                           ggml_tensor*& result) const;

    const Architecture& architecture_;
    const KvCache& cache_;
    int n_head_;
    int n_sink_;
    RotationTables tables_;
    std::vector<float> mean_;        // [n_head, n_embd_head]
    std::vector<float> covariance_;  // [n_head, n_embd_head, n_embd_head]
    std::vector<float> expected_;    // [n_head_kv, capacity]
};

}  // namespace infinipot
