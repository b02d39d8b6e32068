// Eight floats at a time, the vocabulary of the kernels *_x8.cpp: in the instructions of AVX2 with
// FMA and F16C, or of NEON. INFINIPOT_HAS_F32X8 says that the compiler may use either.
//
// No templates of the standard library here: see infinipot_kernel_flags in cmake/targets.cmake.
#pragma once

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#define INFINIPOT_HAS_F32X8
#include "tensor/kernels/f32x8_avx2.h"
#elif defined(__aarch64__)
#define INFINIPOT_HAS_F32X8
#include "tensor/kernels/f32x8_neon.h"
#endif

#ifdef INFINIPOT_HAS_F32X8

namespace infinipot::kernels {
namespace {

constexpr int lanes = 8;

/// a / b, or 0 where there is nothing to divide by.
inline float ratio(float a, float b) { return b > 1e-30f ? a / b : 0; }

/// 2^x for x up to 126 with a relative error of 3e-6, by the minimax polynomial for 2^f, 0 <= f <
/// 1; 0 for x below -126.
inline F32x8 power_of_two(F32x8 x) {
    x = larger(all(-127), x);  // in this order not-a-number stays
    const F32x8 whole = floor(x);
    const F32x8 f = x - whole;
    F32x8 y = all(0.0135341679f);
    y = fma(y, f, all(0.0520114606f));
    y = fma(y, f, all(0.241442757f));
    y = fma(y, f, all(0.693003834f));
    y = fma(y, f, all(1.00000259f));
    return scale_by_two_to(whole, y);
}

}  // namespace
}  // namespace infinipot::kernels

#endif
