// AVX-512 by SIMDe, and by the functions below for intrinsics that SIMDe lacks. Included by
// avx512.h only.
#pragma once

#pragma GCC diagnostic ignored "-Wpsabi"  // vectors are passed in memory for lack of registers
#pragma GCC diagnostic ignored "-Wignored-attributes"
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/f16c.h>

#include <cstdint>

namespace infinipot::kernels {
namespace emulated {

using F32x16 = float __attribute__((vector_size(64)));
using I32x16 = int32_t __attribute__((vector_size(64)));

template <typename To, typename From>
To cast(From x) {
    static_assert(sizeof(To) == sizeof(From));
    To y;
    __builtin_memcpy(&y, &x, sizeof y);
    return y;
}

/// Returns f of each lane of `from`.
template <typename Number, typename Function>
__m512i each_of(const Number* from, Function f) {
    I32x16 y;
    for (int i = 0; i < 16; ++i) y[i] = static_cast<int32_t>(f(from[i]));
    return cast<__m512i>(y);
}

template <typename Register, typename Number, int n>
struct Elements {
    Number at[n];
    explicit Elements(Register x) { __builtin_memcpy(at, &x, sizeof at); }
};

inline __m512 to_float(__m512i x) {
    return cast<__m512>(__builtin_convertvector(cast<I32x16>(x), F32x16));
}

inline __m512i to_int(__m512 x) {  // to nearest, ties to even
    const auto floats = Elements<__m512, float, 16>(x);
    return each_of(floats.at, [](float value) { return __builtin_rintf(value); });
}

inline __m512 from_f16(__m256i x) {
    const auto halves = Elements<__m256i, __m128i, 2>(x);
    const struct {
        __m256 low, high;
    } both = {_mm256_cvtph_ps(halves.at[0]), _mm256_cvtph_ps(halves.at[1])};
    return cast<__m512>(both);
}

template <typename Number>
__m512i widened(__m128i x) {
    return each_of(Elements<__m128i, Number, 16>(x).at, [](Number value) { return value; });
}

inline __m512i widened_words(__m256i x) {
    return each_of(Elements<__m256i, uint16_t, 16>(x).at, [](uint16_t value) { return value; });
}

inline float sum(__m512 x) {
    const auto floats = Elements<__m512, float, 16>(x);
    float total = 0;
    for (const float value : floats.at) total += value;
    return total;
}

inline int sum(__m512i x) {
    int total = 0;
    for (const int32_t value : Elements<__m512i, int32_t, 16>(x).at) total += value;
    return total;
}

inline float largest(__m512 x) {
    const auto floats = Elements<__m512, float, 16>(x);
    float most = floats.at[0];
    for (const float value : floats.at) most = value > most ? value : most;
    return most;
}

inline float first(__m512 x) { return Elements<__m512, float, 16>(x).at[0]; }

}  // namespace emulated
}  // namespace infinipot::kernels

#define _mm512_cvtepi32_ps infinipot::kernels::emulated::to_float
#define _mm512_cvtps_epi32 infinipot::kernels::emulated::to_int
#define _mm512_cvtph_ps infinipot::kernels::emulated::from_f16
#define _mm512_cvtepi8_epi32 infinipot::kernels::emulated::widened<int8_t>
#define _mm512_cvtepu8_epi32 infinipot::kernels::emulated::widened<uint8_t>
#define _mm512_cvtepu16_epi32 infinipot::kernels::emulated::widened_words
#define _mm512_reduce_add_ps infinipot::kernels::emulated::sum
#define _mm512_reduce_add_epi32 infinipot::kernels::emulated::sum
#define _mm512_reduce_max_ps infinipot::kernels::emulated::largest
#define _mm512_cvtss_f32 infinipot::kernels::emulated::first
#define _mm512_reduce_ps(x, rounding) ((x)-_mm512_roundscale_ps(x, (rounding)&3))
