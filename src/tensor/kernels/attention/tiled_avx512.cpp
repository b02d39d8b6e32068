// The AVX-512 VNNI kernel of attention.
//
// This file uses no templates of the standard library: see infinipot_kernel_flags in
// cmake/targets.cmake.
#define INFINIPOT_LANES 16
#include "tensor/kernels/simd/f32s.h"

#ifdef INFINIPOT_HAS_F32S

#include "tensor/kernels/attention/tile_ops_avx512.h"
#include "tensor/kernels/attention/tiled.h"

namespace infinipot::kernels {
AttentionKernel attention_avx512() { return attend; }
}  // namespace infinipot::kernels

#else

#include "tensor/kernels/attention/kernel.h"

namespace infinipot::kernels {
AttentionKernel attention_avx512() { return nullptr; }
}  // namespace infinipot::kernels

#endif
