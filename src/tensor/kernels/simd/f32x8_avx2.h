// Eight floats in a register of AVX2, with FMA and F16C. Included by f32s.h only.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace infinipot::kernels {
namespace {

using F32x8 = __m256;
using F32s = F32x8;

inline F32x8 zero() { return _mm256_setzero_ps(); }
inline F32x8 all(float x) { return _mm256_set1_ps(x); }
inline F32x8 load(const float* from) { return _mm256_loadu_ps(from); }
inline void store(float* to, F32x8 x) { _mm256_storeu_ps(to, x); }

inline F32x8 fma(F32x8 a, F32x8 b, F32x8 c) { return _mm256_fmadd_ps(a, b, c); }
inline F32x8 larger(F32x8 a, F32x8 b) { return _mm256_max_ps(a, b); }
inline F32x8 floor(F32x8 x) { return _mm256_floor_ps(x); }

/// Raises x to -127 at least, where scale_by_two_to() gives 0. NaN stays NaN.
inline F32x8 within_exponents(F32x8 x) { return larger(all(-127), x); }
inline F32x8 fraction(F32x8 x) { return x - floor(x); }

/// Returns y * 2^floor(x) for x from -127 on, where 2^-127 counts as 0.
inline F32x8 scale_by_two_to(F32x8 x, F32x8 y) {
    const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(floor(x)), _mm256_set1_epi32(127));
    return y * _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
}

/// Returns the first n lanes of x, then the other lanes of `rest`; n may be any number.
inline F32x8 first_lanes(int n, F32x8 x, F32x8 rest) {
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i is_first = _mm256_cmpgt_epi32(_mm256_set1_epi32(n), index);
    return _mm256_blendv_ps(rest, x, _mm256_castsi256_ps(is_first));
}

inline bool any_above(F32x8 x, F32x8 limit) {
    return _mm256_movemask_ps(_mm256_cmp_ps(x, limit, _CMP_GT_OQ)) != 0;
}
/// Returns whether any lane of x is above its lane of `limit` or NaN.
inline bool any_not_within(F32x8 x, F32x8 limit) {
    return _mm256_movemask_ps(_mm256_cmp_ps(x, limit, _CMP_NLE_UQ)) != 0;
}

inline float first_lane(F32x8 x) { return _mm256_cvtss_f32(x); }

inline float largest_lane(F32x8 x) {
    __m128 most = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    most = _mm_max_ps(most, _mm_movehl_ps(most, most));
    return _mm_cvtss_f32(_mm_max_ss(most, _mm_movehdup_ps(most)));
}

inline float sum_of_lanes(F32x8 x) {
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

/// Returns the sums of M registers, one sum per lane; the other lanes are 0.
template <int M>
F32x8 sums_of(const F32x8 (&x)[M]) {
    const auto at = [&](int i) { return i < M ? x[i] : zero(); };
    const auto sums_of_four = [&](int i) {  // in each half of a register
        return _mm256_hadd_ps(_mm256_hadd_ps(at(i), at(i + 1)),
                              _mm256_hadd_ps(at(i + 2), at(i + 3)));
    };
    const __m256 first = sums_of_four(0);
    if (M <= 4) {
        return _mm256_zextps128_ps256(
            _mm_add_ps(_mm256_castps256_ps128(first), _mm256_extractf128_ps(first, 1)));
    }
    const __m256 second = sums_of_four(4);
    return _mm256_permute2f128_ps(first, second, 0x20) +
           _mm256_permute2f128_ps(first, second, 0x31);
}

/// Returns lanes 1, 0, 3, 2, 5, 4, 7, 6.
inline F32x8 swapped_neighbours(F32x8 x) { return _mm256_permute_ps(x, 0b10'11'00'01); }

// Loads and stores of other types.

inline F32x8 load_f16(const void* from) {
    return _mm256_cvtph_ps(_mm_loadu_si128(static_cast<const __m128i*>(from)));
}
inline void store_f16(uint16_t* to, F32x8 x) {  // rounds to nearest, ties to even
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}
inline F32x8 all_f16(uint16_t x) {
    return _mm256_cvtph_ps(_mm_set1_epi16(static_cast<int16_t>(x)));
}

inline F32x8 load_bf16(const void* from) {
    const __m128i upper = _mm_loadu_si128(static_cast<const __m128i*>(from));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(upper), 16));
}

inline F32x8 load_int8(const void* from) {
    return _mm256_cvtepi32_ps(
        _mm256_cvtepi8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(from))));
}

/// Loads the lower or upper halves of eight bytes, unsigned: 0 to 15.
inline F32x8 load_half_bytes(const void* from, bool upper) {
    __m256i bytes = _mm256_cvtepu8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(from)));
    if (upper) bytes = _mm256_srli_epi32(bytes, 4);
    return _mm256_cvtepi32_ps(_mm256_and_si256(bytes, _mm256_set1_epi32(15)));
}

}  // namespace
}  // namespace infinipot::kernels
