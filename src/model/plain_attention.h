#pragma once

#include <ggml.h>

/// Attention in single operations, which every device of ggml has. For devices whose flash
/// attention lacks a head size, and for callers that need the probabilities.
namespace infinipot {

/// Returns softmax(cap(scale * q·k) + mask) over the slots; cap is as in Attention.
/// queries: F32 [n_embd_head, n_tokens, n_head]; keys: F16 or F32 [n_embd_head, n_kv, n_head_kv];
/// mask: F16 [n_kv, n_tokens]; sinks: see Attention. Result: F32 [n_kv, n_tokens, n_head].
ggml_tensor* attention_probabilities(ggml_context* context, ggml_tensor* queries, ggml_tensor* keys,
                                     ggml_tensor* mask, float scale, float softcap,
                                     ggml_tensor* sinks = nullptr);

/// Returns the mean of the values, F16 or F32 [n_embd_head, n_kv, n_head_kv], weighted by the
/// result of attention_probabilities(). Result: F32 [n_embd_head * n_head, n_tokens].
ggml_tensor* weighted_values(ggml_context* context, ggml_tensor* values,
                             ggml_tensor* probabilities);

}  // namespace infinipot
