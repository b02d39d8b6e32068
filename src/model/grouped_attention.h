#pragma once

#include <ggml.h>

#include "infinipot/policy.h"
#include "model/batch.h"

/// Self-Extend (Jin et al. 2024, arXiv 2401.01325): attention whose positions are exact among
/// neighbours and shared by groups beyond, so that a text longer than the trained window only meets
/// distances that the model has seen. A query at i and a key at j with i - j < neighbours are
/// rotated to i and j; others to i / group + neighbours - neighbours / group and j / group (whole
/// divisions). One softmax over both.
namespace infinipot {

/// Read by the graph, set by set_grouped_inputs().
struct GroupedInputs {
    ggml_tensor* query_positions;  ///< I32 [n_tokens]: of the group, shifted
    ggml_tensor* key_positions;    ///< I32 [n_kv]: of the group
    /// F32 [n_kv, n_tokens]: 1 for neighbours, else 0; null where grouped_attention() is not used.
    ggml_tensor* near = nullptr;
};

/// Without `near`.
GroupedInputs make_grouped_inputs(ggml_context* context, int n_kv, int n_tokens);

ggml_tensor* make_near_input(ggml_context* context, int n_kv, int n_tokens);

/// Entries have never left the pot: slot and position are the same.
void set_grouped_inputs(const Batch& batch, const Positions& positions,
                        const GroupedInputs& inputs);

struct GroupedOperands {
    ggml_tensor *near_queries, *near_keys;  ///< F32 [n_embd_head, n_tokens, n_head],
                                            ///< of any type [n_embd_head, n_kv, n_head_kv]
    ggml_tensor *far_queries, *far_keys;    ///< likewise
    ggml_tensor* values;                    ///< F16 or F32 [n_embd_head, n_kv, n_head_kv]
    ggml_tensor* mask;                      ///< F16 [n_kv, n_tokens]
    ggml_tensor* near;                      ///< F32 [n_kv, n_tokens]
    float scale;
    float softcap = 0;  ///< of the scaled logits; 0: none
};

/// Result: F32 [n_embd_head * n_head, n_tokens]. Holds several [n_kv, n_tokens, n_head] F32 at a
/// time: see grouped_batch_tokens().
ggml_tensor* grouped_attention(ggml_context* context, const GroupedOperands& operands);

/// Most tokens of a batch, so that one score matrix takes no more than 16 MiB.
int grouped_batch_tokens(int capacity, int n_head);

}  // namespace infinipot
