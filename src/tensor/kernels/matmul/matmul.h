// Y = W X for weights in Q8_0 and Q4_0, faster than ggml's own on CPUs with AVX2 or AVX-512 VNNI.
//
// ggml multiplies Q8_0 row by row on x86, and Q4_0 eight rows at a time. Here the weights are
// packed once, when a model is loaded, in the order in which the CPU's byte multiply-add reads
// them. An operation of its own quantises the activations, so that matrices with the same X (Q, K
// and V; gate and up) share the result:
//
//     x8 = quantize_rows(ctx, type, x);                  // F32 [n_in, T] -> opaque I8 [bytes, T]
//     q = matmul(ctx, type, wq_packed, x8, n_embd, n_q);  // F32 [n_q, T]
//     k = matmul(ctx, type, wk_packed, x8, n_embd, n_k);  // F32 [n_k, T]
//
// Precision: X is quantised exactly as in ggml's x86 code (blocks of 32, an F16 scale), and blocks
// are added in F32 in their order, so Y equals ggml_mul_mat's up to rounding (NMSE < 1e-10). A
// column of Y depends only on its own column of X, bit for bit. It depends neither on the batch nor
// on the number of threads.
//
// The operations are ggml custom operations: they run on the CPU back end only, on any number of
// threads. They allocate nothing and keep no state outside the graph. One thread packs a matrix.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ggml.h"

namespace infinipot::kernels {

/// Returns whether this CPU has a kernel for weights of `type` that fits W `[n_in, n_out]`: n_in %
/// 32 == 0 and n_out % 16 == 0. All functions below require it. If it is false, use ggml_mul_mat.
bool matmul_supported(ggml_type type, int64_t n_in, int64_t n_out);

/// Returns the size of packed W: the tensor's size, rounded up to a multiple of 64. An address that
/// is a multiple of 64 is fastest; any address is correct.
std::size_t packed_bytes(ggml_type type, int64_t n_in, int64_t n_out);

/// Packs W, n_out consecutive rows of n_in weights of `type`, into packed_bytes() bytes at
/// `packed`.
void pack(ggml_type type, const void* rows, int64_t n_in, int64_t n_out, void* packed);

/// Packs a part of W: `n_rows` rows from `first_row` on, both multiples of 16.
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
