// The Walsh-Hadamard transform of the vectors of heads: y = H x / √n for every block of n
// consecutive elements, n the largest power of two that divides the head.
//
//     q = hadamard(ctx, q);  // F32 [n_embd_head, ...] -> the same shape
//
// H / √n is symmetric and orthogonal: it is its own inverse, and dot products and lengths stay what
// they are if both vectors are transformed. It distributes a channel that is far larger than the
// others over its whole block. Quantised blocks of 32 share one scale, so that such a channel would
// leave its neighbours no bits; QuaRot (arXiv 2404.00456) shows that keys and values have them.
#pragma once

#include <cstdint>

#include "ggml.h"

namespace infinipot::kernels {

/// The largest power of two that divides n_embd_head.
int hadamard_block(int64_t n_embd_head);

/// One vector, in place. Blocks are added up in the order of ggml's own transform, so that results
/// equal libllama's bit for bit.
void hadamard(float* x, int64_t n_embd_head);

/// x: F32 whose rows are contiguous, in any order; the result is contiguous. A ggml custom
/// operation: it runs on the CPU back end only, and takes any number of threads.
ggml_tensor* hadamard(ggml_context* ctx, ggml_tensor* x);

}  // namespace infinipot::kernels
