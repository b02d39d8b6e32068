// Packed weights of each type in registers of AVX2: a step of a block, two inputs of 16 rows, as 32
// bytes, and the scales of eight rows. The layouts are in layout.h, the meaning of the functions in
// weights_avx512.h. Included by matmul_avx2.cpp only.
#pragma once

#include <immintrin.h>

#include "tensor/kernels/matmul/layout.h"

namespace infinipot::kernels {
namespace {

inline __m256i load_256(const uint8_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}
inline __m256i all_bytes(int x) { return _mm256_set1_epi8(static_cast<char>(x)); }

/// Returns the quants of step s in a plane of nibbles. A chunk is two steps.
inline __m256i nibbles(const uint8_t* plane, int s) {
    const __m256i both = load_256(plane + s / 4 * 64 + s % 2 * 32);
    return _mm256_and_si256(s / 2 % 2 == 0 ? both : _mm256_srli_epi16(both, 4), all_bytes(0x0f));
}

/// Returns the two bits of step s in a plane of pairs, as the lowest two of each byte.
inline __m256i pairs(const uint8_t* plane, int s) {
    __m256i four = load_256(plane + s / 8 * 64 + s % 2 * 32);
    const int c = s / 2 % 4;
    if (c == 1) four = _mm256_srli_epi16(four, 2);
    if (c == 2) four = _mm256_srli_epi16(four, 4);
    if (c == 3) four = _mm256_srli_epi16(four, 6);
    return _mm256_and_si256(four, all_bytes(0x03));
}

/// Returns them as bits 4 and 5.
inline __m256i pairs_above_nibbles(const uint8_t* plane, int s) {
    __m256i four = load_256(plane + s / 8 * 64 + s % 2 * 32);
    const int c = s / 2 % 4;
    if (c == 0) four = _mm256_slli_epi16(four, 4);
    if (c == 1) four = _mm256_slli_epi16(four, 2);
    if (c == 3) four = _mm256_srli_epi16(four, 2);
    return _mm256_and_si256(four, all_bytes(0x30));
}

/// Returns `set` where the bit of step s is set, and `clear` elsewhere.
inline __m256i chosen_by_bits(const uint8_t* plane, int s, int clear, int set) {
    int32_t bits;
    __builtin_memcpy(&bits, plane + s * 4, sizeof bits);
    const __m256i byte_of_bit =
        _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bit = _mm256_set1_epi64x(static_cast<int64_t>(0x8040201008040201));
    const __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(bits), byte_of_bit);
    const __m256i is_set = _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit);
    return _mm256_blendv_epi8(all_bytes(clear), all_bytes(set), is_set);
}

/// Replaces quants of four bits by those of a table.
inline __m256i looked_up(const uint8_t (&table)[16], __m256i quants) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(bytes), quants);
}

// `part`: the first or the last eight rows.

inline __m256 halves(const uint8_t* from, int part) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from) + part));
}
inline __m256i unsigned_bytes(const uint8_t* from, int part) {
    return _mm256_cvtepu8_epi32(
        _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + part * row_group / 2)));
}
inline __m256 signed_factors(const uint8_t* from, int part) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(
        _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + part * row_group / 2))));
}

template <const Packing& packing, int scales_, int minima_>
struct Sizes {
    static constexpr int64_t group_bytes = packing.group_bytes();
    static constexpr int64_t scale_blocks = packing.scale_blocks;
    static constexpr int64_t scale_bytes = packing.scale_bytes;
    static constexpr int n_scales = scales_;
    static constexpr int n_minima = minima_;
    static constexpr Packing sizes = packing;
};

// Scales.

template <const Packing& packing, int minima>
struct PlainScales : Sizes<packing, 1, minima> {
    static __m256 scale(const uint8_t* scales, int64_t, int, int part) {
        return halves(scales, part);
    }
    static __m256 minimum(const uint8_t* scales, int64_t, int, int part) {
        return halves(scales + 32, part);
    }
};

template <const Packing& packing>
struct SuperScales : Sizes<packing, 1, 1> {
    static constexpr int64_t n_factors = int64_t{super_blocks} * row_group;
    static __m256 scale(const uint8_t* scales, int64_t i, int, int part) {
        const __m256i factor = unsigned_bytes(scales + i * row_group, part);
        return _mm256_mul_ps(halves(scales + 2 * n_factors, part), _mm256_cvtepi32_ps(factor));
    }
    static __m256 minimum(const uint8_t* scales, int64_t i, int, int part) {
        const __m256i factor = unsigned_bytes(scales + n_factors + i * row_group, part);
        return _mm256_mul_ps(halves(scales + 2 * n_factors + 32, part), _mm256_cvtepi32_ps(factor));
    }
};

template <const Packing& packing, int n>
struct SignedScales : Sizes<packing, n, 0> {
    static __m256 scale(const uint8_t* scales, int64_t i, int s, int part) {
        return _mm256_mul_ps(halves(scales + int64_t{super_blocks} * n * row_group, part),
                             signed_factors(scales + (i * n + s) * row_group, part));
    }
};

struct HalfByteScales : Sizes<packing::q2_k, 2, 2> {
    static constexpr int64_t n_factors = int64_t{super_blocks} * 2 * row_group;
    static __m256 scale(const uint8_t* scales, int64_t i, int s, int part) {
        const __m256i both = unsigned_bytes(scales + (i * 2 + s) * row_group, part);
        return _mm256_mul_ps(halves(scales + n_factors, part),
                             _mm256_cvtepi32_ps(_mm256_and_si256(both, _mm256_set1_epi32(15))));
    }
    static __m256 minimum(const uint8_t* scales, int64_t i, int s, int part) {
        const __m256i both = unsigned_bytes(scales + (i * 2 + s) * row_group, part);
        return _mm256_mul_ps(halves(scales + n_factors + 32, part),
                             _mm256_cvtepi32_ps(_mm256_srli_epi32(both, 4)));
    }
};

struct ExponentScales : Sizes<packing::mxfp4, 1, 0> {
    static __m256 scale(const uint8_t* scales, int64_t, int, int part) {
        const __m256i exponent = unsigned_bytes(scales, part);
        const __m256i normal =
            _mm256_slli_epi32(_mm256_sub_epi32(exponent, _mm256_set1_epi32(1)), 23);
        const __m256i small = _mm256_sllv_epi32(_mm256_set1_epi32(0x00200000), exponent);
        const __m256i is_small = _mm256_cmpgt_epi32(_mm256_set1_epi32(2), exponent);
        return _mm256_castsi256_ps(_mm256_blendv_epi8(normal, small, is_small));
    }
};

// Types: the quants with their scales. Four bits without a table are multiplied as they are.

using Q8_0 = PlainScales<packing::q8_0, 0>;
using Q4_0 = PlainScales<packing::q4_0, 0>;
using Q4_1 = PlainScales<packing::q4_1, 1>;
using Q4_K = SuperScales<packing::q4_k>;

template <typename Scales, const uint8_t (&table)[16]>
struct FromTable : Scales {
    static __m256i load(const uint8_t* block, int s) { return looked_up(table, nibbles(block, s)); }
};
using IQ4_NL = FromTable<PlainScales<packing::iq4_nl, 0>, weights_of_iq4>;
using IQ4_XS = FromTable<SignedScales<packing::iq4_xs, 1>, weights_of_iq4>;
using MXFP4 = FromTable<ExponentScales, weights_of_mxfp4>;

struct Q5_0 : PlainScales<packing::q5_0, 0> {
    static __m256i load(const uint8_t* block, int s) {
        return _mm256_add_epi8(nibbles(block, s), chosen_by_bits(block + 256, s, 112, 128));
    }
};

template <typename Scales>
struct FiveBits : Scales {
    static __m256i load(const uint8_t* block, int s) {
        return _mm256_or_si256(nibbles(block, s), chosen_by_bits(block + 256, s, 0, 16));
    }
};
using Q5_1 = FiveBits<PlainScales<packing::q5_1, 1>>;
using Q5_K = FiveBits<SuperScales<packing::q5_k>>;

struct Q6_K : SignedScales<packing::q6_k, 2> {
    static __m256i load(const uint8_t* block, int s) {
        return _mm256_add_epi8(
            _mm256_or_si256(nibbles(block, s), pairs_above_nibbles(block + 256, s)), all_bytes(96));
    }
};

struct Q3_K : SignedScales<packing::q3_k, 2> {
    static __m256i load(const uint8_t* block, int s) {
        return _mm256_add_epi8(pairs(block, s), chosen_by_bits(block + 128, s, 124, 128));
    }
};

struct Q2_K : HalfByteScales {
    static __m256i load(const uint8_t* block, int s) { return pairs(block, s); }
};

}  // namespace
}  // namespace infinipot::kernels
