// The Walsh-Hadamard transform of head vectors: y = H x / √n for every block of n consecutive
// elements, where n is the largest power of two that divides the head size.
//
//     q = hadamard(ctx, q);  // F32 [n_embd_head, ...] -> the same shape
//
// H / √n is symmetric and orthogonal. It is therefore its own inverse, and dot products and lengths
// do not change if both vectors are transformed. It distributes a channel that is far larger than
// the others over its whole block. Quantised blocks of 32 share one scale, so such a channel would
// leave its neighbours no bits. QuaRot (arXiv 2404.00456) shows that keys and values have them.
#pragma once

#include <cstdint>

#include "ggml.h"

namespace infinipot::kernels {

/// Returns the largest power of two that divides n_embd_head.
int hadamard_block(int64_t n_embd_head);

/// Transforms one vector in place. Adds in the order of ggml's own transform, so results equal
/// libllama's bit for bit.
void hadamard(float* x, int64_t n_embd_head);

/// Builds the transform of all rows. x: F32 with contiguous rows, in any order; the result is
/// contiguous. A ggml custom operation: it runs on the CPU back end only, on any number of threads.
ggml_tensor* hadamard(ggml_context* ctx, ggml_tensor* x);

}  // namespace infinipot::kernels
