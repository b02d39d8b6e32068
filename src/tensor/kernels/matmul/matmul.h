// Y = W X for quantised weights, faster than ggml's own on CPUs with AVX2 or AVX-512 VNNI: for
// Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS and MXFP4.
//
// ggml multiplies most types row by row on x86. Here the weights are packed once, when a model is
// loaded, in the order in which the CPU's byte multiply-add reads them. They take hardly more
// memory than in the file. An operation of its own quantises the activations, so that matrices with
// the same X (Q, K and V; gate and up) share the result:
//
//     x8 = quantize_rows(ctx, type, x);                  // F32 [n_in, T] -> opaque I8 [bytes, T]
//     q = matmul(ctx, type, wq_packed, x8, n_embd, n_q);  // F32 [n_q, T]
//     k = matmul(ctx, type, wk_packed, x8, n_embd, n_k);  // F32 [n_k, T]
//
// Precision: X is quantised to Q8_0 exactly as in ggml's x86 code (blocks of 32, an F16 scale).
// Products of a block are exact integers, and blocks are added in F32 in their order: Y differs
// from the product of the dequantised numbers by an NMSE below 1e-12. ggml quantises X to Q8_0 as
// well for Q8_0, Q4_0, Q5_0, IQ4_NL and MXFP4, so Y equals ggml_mul_mat's up to rounding (NMSE <
// 1e-11). For Q4_1 and Q5_1 it rounds sums of X to F16, and for other types it quantises X in
// blocks of 256, which is less exact. A column of Y depends only on its own column of X, bit for
// bit. It depends neither on the batch nor on the number of threads.
//
// The operations are ggml custom operations: they run on the CPU back end only, on any number of
// threads. They allocate nothing and keep no state outside the graph.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ggml.h"

namespace infinipot::kernels {

constexpr int pack_granularity = 16;  ///< rows that are packed together

/// Returns whether this CPU has a kernel for weights of `type` that fits W `[n_in, n_out]`: n_in is
/// a multiple of the type's block (32 or 256), and n_out of 16. All functions below require it. If
/// it is false, use ggml_mul_mat.
bool matmul_supported(ggml_type type, int64_t n_in, int64_t n_out);

/// Returns the size of packed W: the tensor's size and at most 4 % more, rounded up to a multiple
/// of
/// 64. An address that is a multiple of 64 is fastest; any address is correct.
std::size_t packed_bytes(ggml_type type, int64_t n_in, int64_t n_out);

/// Packs W, n_out consecutive rows of n_in weights of `type`, into packed_bytes() bytes at
/// `packed`.
void pack(ggml_type type, const void* rows, int64_t n_in, int64_t n_out, void* packed);

/// Packs a part of W: the `n_rows` rows at `rows`, which are those of W from `first_row` on. Both
/// numbers are multiples of pack_granularity. Threads may pack parts of one W at a time.
void pack_rows(ggml_type type, const void* rows, int64_t first_row, int64_t n_rows, int64_t n_in,
               int64_t n_out, void* packed);

/// Returns whether the rows that quantize_rows() gives for weights of type `a` serve type `b` too.
bool share_quantized_rows(ggml_type a, ggml_type b);

/// Builds the quantised rows of `x`, F32 [n_in, T] with adjacent elements in a row.
/// Result: I8 [bytes, T], an opaque input of matmul() for weights of the same type.
ggml_tensor* quantize_rows(ggml_context* ctx, ggml_type type, ggml_tensor* x);

/// Builds W X. packed: I8 [packed_bytes]; x8: from quantize_rows(), with the same n_in.
/// Result: F32 [n_out, T].
ggml_tensor* matmul(ggml_context* ctx, ggml_type type, ggml_tensor* packed, ggml_tensor* x8,
                    int64_t n_in, int64_t n_out);

}  // namespace infinipot::kernels
