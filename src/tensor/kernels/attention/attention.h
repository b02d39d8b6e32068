// Causal attention of a batch of tokens over a KV cache. It is several times as fast as ggml's on
// CPUs with AVX2 or AVX-512 VNNI, and there is a kernel for NEON too.
//
// The last T of the n_kv entries of each KV head are the batch's own, in order. Query t sees
// entries 0..n_kv-T+t, so no mask is needed. The softmax is updated tile by tile, so nothing of
// size [T, n_kv] is stored. A tile is read once for all query heads of its KV head.
//
// Precision: products are of 16-bit integers with a scale per tile and exact sums, or of F32 with
// NEON. Tiles are added up in F32. The error is smaller than that of storing K and V in F16: for
// normal inputs the NMSE against exact arithmetic is at most 1e-7. With AMX (see cpu.h) products
// are of BF16 if 16 query heads or more attend to the same entries, and the NMSE is 2e-5. The
// result does not depend on the number of threads. It depends on the token's batch only within that
// error. If q or k is not finite, neither is the result.
//
// These are custom operations of the CPU back end, for any number of threads. They allocate
// nothing; each thread uses about 300 KiB of its stack.
#pragma once

#include <ggml.h>

namespace infinipot::kernels {

/// Returns whether this CPU has a kernel for entries of this type and heads of this size. Types are
/// F16, BF16, Q8_0 and Q4_0. Sizes are multiples of 16 (quantised: of 32) from 32 to 256. n_group
/// query heads share a KV head; together they have at most 16384 elements. If the result is false,
/// use ggml_flash_attn_ext.
bool attention_supported(ggml_type type, int n_embd_head, int n_group = 1);

/// Entries that a query sees among those up to its own: all but the latest `skip`, and of these the
/// latest `window`.
struct VisibleRange {
    int skip = 0;
    int window = 0;  ///< 0: all
};

/// A set of entries and the queries that attend to it, as in attention().
struct AttentionOperands {
    ggml_tensor *q, *k, *v;
    VisibleRange visible_range;
};

/// Builds softmax(scale * q kᵀ) v; query head h attends to KV head h / (n_head / n_head_kv).
/// q: F32 [n_embd_head, n_head, T]; k, v: of one type, [n_embd_head, n_kv, n_head_kv]. q and k are
/// rotated. Strides are free, but the elements of a head must be adjacent. n_kv >= T, the query
/// heads of one KV head have at most 16384 elements, and every query must see at least one entry.
/// sinks: F32 [n_head] or null, scaled logits that take part in each head's softmax without a
/// value. Result: F32 [n_embd_head * n_head, T].
ggml_tensor* attention(ggml_context* ctx, ggml_tensor* q, ggml_tensor* k, ggml_tensor* v,
                       float scale, const VisibleRange& visible_range = {},
                       ggml_tensor* sinks = nullptr);

/// Builds attention with one softmax over two sets of entries for the same T queries. Each set has
/// a visible range of its own. Every query must see at least one entry of both sets together.
ggml_tensor* joint_attention(ggml_context* ctx, const AttentionOperands& a,
                             const AttentionOperands& b, float scale, ggml_tensor* sinks = nullptr);

}  // namespace infinipot::kernels
