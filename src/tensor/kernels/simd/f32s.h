// F32s, a register of floats, and the operations that kernels use. It has eight lanes, with AVX2,
// FMA and F16C or with NEON. It has sixteen lanes, with AVX-512, in a file that defines
// INFINIPOT_LANES as 16 before this header. INFINIPOT_HAS_F32S is defined if the compiler may use
// the instructions.
//
// This header uses no templates of the standard library: see infinipot_kernel_flags in
// cmake/targets.cmake.
#pragma once

#if defined(INFINIPOT_LANES) && INFINIPOT_LANES == 16
#include "tensor/kernels/simd/avx512.h"
#ifdef INFINIPOT_HAS_AVX512
#define INFINIPOT_HAS_F32S
#include "tensor/kernels/simd/f32x16_avx512.h"
#endif
#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#define INFINIPOT_HAS_F32S
#include "tensor/kernels/simd/f32x8_avx2.h"
#elif defined(__aarch64__)
#define INFINIPOT_HAS_F32S
#include "tensor/kernels/simd/f32x8_neon.h"
#endif

#ifdef INFINIPOT_HAS_F32S

namespace infinipot::kernels {
namespace {

constexpr int lanes = sizeof(F32s) / sizeof(float);

/// Returns a / b, or 0 if b is at most 1e-30.
inline float ratio(float a, float b) { return b > 1e-30f ? a / b : 0; }

/// Returns 2^x for x up to 126 with a relative error of 3e-6, or 0 for x below -126. Uses the
/// minimax polynomial for 2^f, 0 <= f < 1.
inline F32s power_of_two(F32s x) {
    x = within_exponents(x);
    const F32s f = fraction(x);
    F32s y = all(0.0135341679f);
    y = fma(y, f, all(0.0520114606f));
    y = fma(y, f, all(0.241442757f));
    y = fma(y, f, all(0.693003834f));
    y = fma(y, f, all(1.00000259f));
    return scale_by_two_to(x, y);
}

}  // namespace
}  // namespace infinipot::kernels

#endif
