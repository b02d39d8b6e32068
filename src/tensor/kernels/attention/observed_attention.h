// Attention of a few tokens that also says how much of it each entry has received: the catalyst's,
// an observation window's, H2O's. The probabilities are a by-product of attending, not a second
// pass.
//
// A custom operation of the CPU back end, for any number of threads, on which the result does not
// depend. Made of attend_single_query(), a token and KV head at a time.
#pragma once

#include <ggml.h>

namespace infinipot::kernels {

struct ObservedAttention {
    ggml_tensor* attended;  ///< F32 [n_embd_head * n_head, T]
    ggml_tensor* mass;      ///< the node that writes it
};

/// As attention(), which see, for entries and heads that single_query_supported() tells of.
/// mass: F32 [at least n_kv, n_head_kv], written up to n_kv: probabilities, summed over the tokens
/// and averaged over the query heads of a KV head.
ObservedAttention observed_attention(ggml_context* ctx, ggml_tensor* q, ggml_tensor* k,
                                     ggml_tensor* v, float scale, ggml_tensor* mass);

}  // namespace infinipot::kernels
