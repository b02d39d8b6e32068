// Causal attention of a batch of tokens over a pot, several times as fast as ggml's on CPUs with
// AVX2 or AVX-512 VNNI; for NEON too.
//
// The last T of the n_kv entries of each KV head are the batch's own, in order: query t sees
// entries 0..n_kv-T+t, and no mask is needed. Softmax is computed as the entries pass by in tiles,
// so nothing of size [T, n_kv] is ever stored, and a tile is read once for all query heads of its
// KV head.
//
// Numbers: products are of 16-bit integers scaled per tile, with exact sums, or with NEON of F32;
// tiles are added up in F32. The result errs less than storing K and V in F16 does (NMSE 1e-7 at
// most for normal inputs, against exact arithmetic). With AMX (see cpu.h) products are of BF16,
// where 16 query heads or more meet the same entries, and the NMSE is 2e-5. The result does not
// depend on the number of threads, nor beyond that error on the batch a token is in. Where q or k
// is not finite, neither is the result.
//
// Custom operations of the CPU back end, for any number of threads. They allocate nothing; each
// thread uses about 300 KiB of its stack.
#pragma once

#include <ggml.h>

namespace infinipot::kernels {

/// Whether this CPU has the kernel, and the kernel takes entries of this type, F16, BF16, Q8_0 or
/// Q4_0, and heads of this size, multiples of 16 (quantised: of 32) from 32 to 256, of which
/// n_group query heads share a KV head: together at most 16384 numbers. Where it is false use
/// ggml_flash_attn_ext.
bool attention_supported(ggml_type type, int n_embd_head, int n_group = 1);

/// Which entries a query sees, of those up to its own: all but the latest `skip`, and of these the
/// latest `window`.
struct VisibleRange {
    int skip = 0;
    int window = 0;  ///< 0: all
};

/// Entries and the queries that meet them, as in attention().
struct AttentionOperands {
    ggml_tensor *q, *k, *v;
    VisibleRange visible_range;
};

/// softmax(scale * q kᵀ) v, each query head h with KV head h / (n_head / n_head_kv).
/// q is F32 [n_embd_head, n_head, T], k and v are of one type, [n_embd_head, n_kv, n_head_kv],
/// q and k rotated; any strides as long as the elements of a head are adjacent; n_kv >= T, and at
/// most 16384 elements in the query heads of one KV head. Every query sees something. out: F32
/// [n_embd_head * n_head, T].
ggml_tensor* attention(ggml_context* ctx, ggml_tensor* q, ggml_tensor* k, ggml_tensor* v,
                       float scale, const VisibleRange& visible_range = {});

/// The same with one softmax over two sets of entries, of which the same T queries see what
/// `visible_range` lets them, at least one in all.
ggml_tensor* joint_attention(ggml_context* ctx, const AttentionOperands& a,
                             const AttentionOperands& b, float scale);

}  // namespace infinipot::kernels
