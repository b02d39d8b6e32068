// Attention of a few tokens that also returns how much of it each entry received: for the catalyst,
// an observation window and H2O. The probabilities are a by-product of attending and need no second
// pass.
//
// It is a custom operation of the CPU back end, for any number of threads, on which the result does
// not depend. It calls attend_single_query() for each token and KV head.
#pragma once

#include <ggml.h>

namespace infinipot::kernels {

/// Result of observed_attention().
struct ObservedAttention {
    ggml_tensor* attended;  ///< F32 [n_embd_head * n_head, T]
    ggml_tensor* mass;      ///< the node that writes the mass
};

/// Builds attention with the same operands and result as attention(), if single_query_supported()
/// is true for the entries and heads.
/// mass: F32 [at least n_kv, n_head_kv], written up to n_kv: probabilities, summed over the tokens
/// and averaged over the query heads of a KV head.
ObservedAttention observed_attention(ggml_context* ctx, ggml_tensor* q, ggml_tensor* k,
                                     ggml_tensor* v, float scale, ggml_tensor* mass,
                                     ggml_tensor* sinks = nullptr);

}  // namespace infinipot::kernels
