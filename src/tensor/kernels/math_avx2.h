// What the AVX2 kernels share. Included by them only.
#pragma once

#include <immintrin.h>

namespace infinipot::kernels {
namespace {

constexpr int lanes = 8;  // 32-bit numbers in a register

inline float largest_lane(__m256 x) {
    __m128 most = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    most = _mm_max_ps(most, _mm_movehl_ps(most, most));
    return _mm_cvtss_f32(_mm_max_ss(most, _mm_movehdup_ps(most)));
}

inline float sum_of_lanes(__m256 x) {
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

/// a / b, or 0 where there is nothing to divide by.
inline float ratio(float a, float b) { return b > 1e-30f ? a / b : 0; }

/// 2^x for x up to 126 with a relative error of 3e-6, by the minimax polynomial for 2^f, 0 <= f <
/// 1; 0 for x below -126.
inline __m256 power_of_two(__m256 x) {
    x = _mm256_max_ps(_mm256_set1_ps(-127), x);  // in this order not-a-number stays
    const __m256 whole = _mm256_floor_ps(x);
    const __m256 f = _mm256_sub_ps(x, whole);
    __m256 y = _mm256_set1_ps(0.0135341679f);
    y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(0.0520114606f));
    y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(0.241442757f));
    y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(0.693003834f));
    y = _mm256_fmadd_ps(y, f, _mm256_set1_ps(1.00000259f));
    const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(whole), _mm256_set1_epi32(127));
    return _mm256_mul_ps(y, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)));
}

}  // namespace
}  // namespace infinipot::kernels
