// Y = W X for weights in Q8_0 and Q4_0, faster than ggml's own on CPUs with AVX2 or AVX-512 VNNI.
//
// ggml multiplies Q8_0 row by row on x86, and Q4_0 eight rows at a time. Here the weights are
// packed once, when a model is loaded, into the order in which the CPU's byte multiply-add wants
// them, and the activations are quantised in an operation of their own, so that matrices which read
// the same X (Q, K and V; gate and up) share it:
//
//     x8 = quantize_rows(ctx, type, x);                  // F32 [n_in, T] -> opaque I8 [bytes, T]
//     q = matmul(ctx, type, wq_packed, x8, n_embd, n_q);  // F32 [n_q, T]
//     k = matmul(ctx, type, wk_packed, x8, n_embd, n_k);  // F32 [n_k, T]
//
// Numbers: X is quantised exactly as ggml's x86 code does it (blocks of 32, an F16 scale) and
// blocks are added in F32 in their order, so Y equals ggml_mul_mat's up to rounding (NMSE < 1e-10).
// A column of Y depends only on its own column of X, bit for bit: neither the batch it is in nor
// the number of threads matters.
//
// The operations are ggml custom operations: they run on the CPU back end only and take any number
// of threads. They allocate nothing and keep no state outside the graph. Packing is for one thread
// per matrix.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ggml.h"

namespace infinipot::kernels {

/// Whether this CPU has a kernel for weights of `type` and W `[n_in, n_out]` fits it: n_in % 32 ==
/// 0 and n_out % 16 == 0. Everything below requires it; where it is false use ggml_mul_mat.
bool matmul_supported(ggml_type type, int64_t n_in, int64_t n_out);

/// Size of the packed W: that of the tensor, rounded up to a multiple of 64. Place it at a multiple
/// of 64 for speed; any address is correct.
std::size_t packed_bytes(ggml_type type, int64_t n_in, int64_t n_out);

/// Packs W, n_out consecutive rows of n_in weights of `type`, into `packed_bytes` bytes at
/// `packed`.
void pack(ggml_type type, const void* rows, int64_t n_in, int64_t n_out, void* packed);

/// The same for a part of W: `n_rows` rows from `first_row` on, both multiples of 16.
void pack_rows(ggml_type type, const void* rows, int64_t first_row, int64_t n_rows, int64_t n_in,
               int64_t n_out, void* packed);

/// Quantises the rows of `x`, F32 [n_in, T] with elements of a row adjacent.
/// out: I8 [bytes, T], to be read by matmul only, with weights of the same type.
ggml_tensor* quantize_rows(ggml_context* ctx, ggml_type type, ggml_tensor* x);

/// packed: I8 [packed_bytes]; x8: of quantize_rows, for the same n_in. out: F32 [n_out, T].
ggml_tensor* matmul(ggml_context* ctx, ggml_type type, ggml_tensor* packed, ggml_tensor* x8,
                    int64_t n_in, int64_t n_out);

}  // namespace infinipot::kernels
