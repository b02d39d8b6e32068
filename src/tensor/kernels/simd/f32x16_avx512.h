// Sixteen floats in a register of AVX-512. Included by f32s.h only.
#pragma once

#include <cstdint>

#include "tensor/kernels/simd/avx512.h"

namespace infinipot::kernels {
namespace {

using F32x16 = __m512;
using F32s = F32x16;

inline F32x16 zero() { return _mm512_setzero_ps(); }
inline F32x16 all(float x) { return _mm512_set1_ps(x); }
inline F32x16 load(const float* from) { return _mm512_loadu_ps(from); }
inline void store(float* to, F32x16 x) { _mm512_storeu_ps(to, x); }

inline F32x16 fma(F32x16 a, F32x16 b, F32x16 c) { return _mm512_fmadd_ps(a, b, c); }
inline F32x16 larger(F32x16 a, F32x16 b) { return _mm512_max_ps(a, b); }

inline F32x16 within_exponents(F32x16 x) { return x; }  // scalef returns 0 for small exponents
inline F32x16 fraction(F32x16 x) {
    return _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
/// Returns y * 2^floor(x).
inline F32x16 scale_by_two_to(F32x16 x, F32x16 y) { return _mm512_scalef_ps(y, x); }

/// Returns the first n lanes of x, then the other lanes of `rest`; n may be any number.
inline F32x16 first_lanes(int n, F32x16 x, F32x16 rest) {
    const int lanes_of_x = n < 0 ? 0 : n > 16 ? 16 : n;
    return _mm512_mask_mov_ps(rest, static_cast<__mmask16>((1u << lanes_of_x) - 1), x);
}

inline bool any_above(F32x16 x, F32x16 limit) {
    return _mm512_cmp_ps_mask(x, limit, _CMP_GT_OQ) != 0;
}

inline float first_lane(F32x16 x) { return _mm512_cvtss_f32(x); }
inline float largest_lane(F32x16 x) { return _mm512_reduce_max_ps(x); }
inline float sum_of_lanes(F32x16 x) { return _mm512_reduce_add_ps(x); }

// Loads of other types.

inline F32x16 load_f16(const void* from) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(static_cast<const __m256i*>(from)));
}
inline F32x16 all_f16(uint16_t x) {
    return _mm512_cvtph_ps(_mm256_set1_epi16(static_cast<int16_t>(x)));
}
inline F32x16 load_bf16(const void* from) {
    const __m256i upper = _mm256_loadu_si256(static_cast<const __m256i*>(from));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(upper), 16));
}
inline F32x16 load_int8(const void* from) {
    return _mm512_cvtepi32_ps(
        _mm512_cvtepi8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(from))));
}
/// Loads the lower or upper halves of sixteen bytes, unsigned: 0 to 15.
inline F32x16 load_half_bytes(const void* from, bool upper) {
    __m512i bytes = _mm512_cvtepu8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(from)));
    if (upper) bytes = _mm512_srli_epi32(bytes, 4);
    return _mm512_cvtepi32_ps(_mm512_and_si512(bytes, _mm512_set1_epi32(15)));
}

}  // namespace
}  // namespace infinipot::kernels
