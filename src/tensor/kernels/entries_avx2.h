// Entries of each type, eight elements at a time. Included by AVX2 kernels only.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "tensor/kernels/attention_layout.h"

namespace infinipot::kernels {
namespace {

inline __m256 scale_of(const char* block) {
    uint16_t half;
    __builtin_memcpy(&half, block, sizeof half);
    return _mm256_cvtph_ps(_mm_set1_epi16(static_cast<int16_t>(half)));
}

inline __m128i load_8_bytes(const char* from) {
    return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
}

template <EntryType type>
__m256 elements(const char* entry, int at);

template <>
__m256 elements<EntryType::f16>(const char* entry, int at) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(entry + at * 2)));
}

template <>
__m256 elements<EntryType::bf16>(const char* entry, int at) {
    const __m128i upper = _mm_loadu_si128(reinterpret_cast<const __m128i*>(entry + at * 2));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(upper), 16));
}

template <>  // blocks of 32: an F16 scale, then a byte each
__m256 elements<EntryType::q8_0>(const char* entry, int at) {
    const char* block = entry + at / 32 * 34;
    const __m256i quants = _mm256_cvtepi8_epi32(load_8_bytes(block + 2 + at % 32));
    return _mm256_mul_ps(_mm256_cvtepi32_ps(quants), scale_of(block));
}

template <>  // blocks of 32: an F16 scale, then 16 bytes whose lower halves come first
__m256 elements<EntryType::q4_0>(const char* entry, int at) {
    const char* block = entry + at / 32 * 18;
    __m256i quants = _mm256_cvtepu8_epi32(load_8_bytes(block + 2 + at % 16));
    if (at % 32 >= 16) quants = _mm256_srli_epi32(quants, 4);
    quants =
        _mm256_sub_epi32(_mm256_and_si256(quants, _mm256_set1_epi32(15)), _mm256_set1_epi32(8));
    return _mm256_mul_ps(_mm256_cvtepi32_ps(quants), scale_of(block));
}

/// What f.operator()<type>() returns for a type of entries that there are elements() of; null for
/// others.
template <typename Function>
auto of_type(EntryType type, Function f) -> decltype(f.template operator()<EntryType::f16>()) {
    switch (type) {
        case EntryType::f16:
            return f.template operator()<EntryType::f16>();
        case EntryType::bf16:
            return f.template operator()<EntryType::bf16>();
        case EntryType::q8_0:
            return f.template operator()<EntryType::q8_0>();
        case EntryType::q4_0:
            return f.template operator()<EntryType::q4_0>();
        case EntryType::other:
            break;
    }
    return nullptr;
}

}  // namespace
}  // namespace infinipot::kernels
