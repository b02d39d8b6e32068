// The AMX-BF16 kernel of attention, for CPUs that have AVX-512 as well.
//
// This file uses no templates of the standard library: see infinipot_kernel_flags in
// cmake/targets.cmake.
#define INFINIPOT_LANES 16
#include "tensor/kernels/simd/amx.h"

#ifdef INFINIPOT_HAS_AMX

#include "tensor/kernels/attention/tile_ops_amx.h"
#include "tensor/kernels/attention/tiled.h"

namespace infinipot::kernels {
AttentionKernel attention_amx() { return attend; }
}  // namespace infinipot::kernels

#else

#include "tensor/kernels/attention/kernel.h"

namespace infinipot::kernels {
AttentionKernel attention_amx() { return nullptr; }
}  // namespace infinipot::kernels

#endif
