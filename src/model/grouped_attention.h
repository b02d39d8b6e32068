#pragma once

#include <ggml.h>

#include "infinipot/policy.h"
#include "model/batch.h"

/// Self-Extend (Jin et al. 2024, arXiv 2401.01325). Positions are exact among neighbours and shared
/// by groups beyond. All distances in a text longer than the trained window are therefore distances
/// that the model was trained on. A query at i and a key at j with i - j < neighbours are rotated
/// by i and j. Other pairs are rotated by i / group + neighbours - neighbours / group and j / group
/// (integer divisions). One softmax covers both.
namespace infinipot {

/// Input tensors of the graph. set_grouped_inputs() sets them.
struct GroupedInputs {
    ggml_tensor* query_positions;  ///< I32 [n_tokens]: group positions, shifted
    ggml_tensor* key_positions;    ///< I32 [n_kv]: group positions
    /// F32 [n_kv, n_tokens]: 1 for neighbours, else 0; null if grouped_attention() is not used.
    ggml_tensor* near = nullptr;
};

/// Makes the inputs without `near`.
GroupedInputs make_grouped_inputs(ggml_context* context, int n_kv, int n_tokens);

ggml_tensor* make_near_input(ggml_context* context, int n_kv, int n_tokens);

/// Sets the inputs of a batch. Nothing has ever been evicted, so an entry's slot is its position.
void set_grouped_inputs(const Batch& batch, const Positions& positions,
                        const GroupedInputs& inputs);

/// Operands of grouped_attention(): neighbours with exact positions, others with group positions.
struct GroupedOperands {
    /// F32 [n_embd_head, n_tokens, n_head] and, of any type, [n_embd_head, n_kv, n_head_kv].
    ggml_tensor *near_queries, *near_keys;
    ggml_tensor *far_queries, *far_keys;  ///< the same shapes
    ggml_tensor* values;                  ///< F16 or F32 [n_embd_head, n_kv, n_head_kv]
    ggml_tensor* mask;                    ///< F16 [n_kv, n_tokens]
    ggml_tensor* near;                    ///< F32 [n_kv, n_tokens]
    float scale;                          ///< factor of queries times keys
    float softcap = 0;                    ///< cap of the scaled logits; 0: none
    ggml_tensor* sinks = nullptr;         ///< see Attention
};

/// Builds attention over both sets. Result: F32 [n_embd_head * n_head, n_tokens]. Needs memory for
/// several F32 tensors [n_kv, n_tokens, n_head] at a time: see grouped_batch_tokens().
ggml_tensor* grouped_attention(ggml_context* context, const GroupedOperands& operands);

/// Returns the largest batch, in tokens, whose score matrix takes no more than 16 MiB.
int grouped_batch_tokens(int capacity, int n_head);

}  // namespace infinipot
