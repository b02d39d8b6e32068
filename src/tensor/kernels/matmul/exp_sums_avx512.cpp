// Exponentials of sixteen logits at a time.
#define INFINIPOT_LANES 16
#include "tensor/kernels/simd/f32s.h"

#ifdef INFINIPOT_HAS_F32S

#include "tensor/kernels/matmul/exp_sums_lanes.h"

namespace infinipot::kernels {
AddExponentials add_exponentials_avx512() { return add_exponentials; }
}  // namespace infinipot::kernels

#else

#include "tensor/kernels/matmul/exp_sums.h"

namespace infinipot::kernels {
AddExponentials add_exponentials_avx512() { return nullptr; }
}  // namespace infinipot::kernels

#endif
