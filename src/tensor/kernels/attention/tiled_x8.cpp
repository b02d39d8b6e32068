// The kernel of attention for eight floats at a time. It multiplies what the CPU multiplies
// fastest: pairs of 16-bit integers with AVX2, else F32.
#include "tensor/kernels/simd/f32s.h"

#ifdef INFINIPOT_HAS_F32S

#ifdef __AVX2__
#include "tensor/kernels/attention/tile_ops_avx2.h"
#else
#include "tensor/kernels/attention/tile_ops_f32.h"
#endif

#include "tensor/kernels/attention/tiled.h"

namespace infinipot::kernels {
AttentionKernel attention_x8() { return attend; }
}  // namespace infinipot::kernels

#else

#include "tensor/kernels/attention/kernel.h"

namespace infinipot::kernels {
AttentionKernel attention_x8() { return nullptr; }
}  // namespace infinipot::kernels

#endif
