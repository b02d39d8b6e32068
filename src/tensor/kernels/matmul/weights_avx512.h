// Packed weights of each type in registers of AVX-512: 64 quants of a block, and the scales of 16
// rows. The layouts are in layout.h. Included by matmul_avx512.cpp only.
//
// A type has load(block, c), chunk c of a block as bytes, unsigned; scale(scales, i, s), the s-th
// of n_scales scales of block i; and minimum(scales, i, m) for m below n_minima. `added` is what
// the bytes are larger than the weights by: 128, or nothing where the type has minima.
#pragma once

#include "tensor/kernels/matmul/layout.h"
#include "tensor/kernels/simd/avx512.h"

namespace infinipot::kernels {
namespace {

inline __m512i load_512(const void* from) { return _mm512_loadu_si512(from); }
inline __m512i all_bytes(int x) { return _mm512_set1_epi8(static_cast<char>(x)); }

/// Returns the quants of chunk c in a plane of nibbles.
inline __m512i nibbles(const uint8_t* plane, int c) {
    const __m512i both = load_512(plane + c / 2 * 64);
    return _mm512_and_si512(c % 2 == 0 ? both : _mm512_srli_epi16(both, 4), all_bytes(0x0f));
}

/// Returns the two bits of chunk c in a plane of pairs, as the lowest two of each byte.
inline __m512i pairs(const uint8_t* plane, int c) {
    __m512i four = load_512(plane + c / 4 * 64);
    if (c % 4 == 1) four = _mm512_srli_epi16(four, 2);
    if (c % 4 == 2) four = _mm512_srli_epi16(four, 4);
    if (c % 4 == 3) four = _mm512_srli_epi16(four, 6);
    return _mm512_and_si512(four, all_bytes(0x03));
}

/// Returns them as bits 4 and 5.
inline __m512i pairs_above_nibbles(const uint8_t* plane, int c) {
    __m512i four = load_512(plane + c / 4 * 64);
    if (c % 4 == 0) four = _mm512_slli_epi16(four, 4);
    if (c % 4 == 1) four = _mm512_slli_epi16(four, 2);
    if (c % 4 == 3) four = _mm512_srli_epi16(four, 2);
    return _mm512_and_si512(four, all_bytes(0x30));
}

/// Returns `set` where the bit of chunk c is set, and `clear` elsewhere.
inline __m512i chosen_by_bits(const uint8_t* plane, int c, int clear, int set) {
    uint64_t bits;
    __builtin_memcpy(&bits, plane + c * 8, sizeof bits);
    return _mm512_mask_blend_epi8(bits, all_bytes(clear), all_bytes(set));
}

/// Replaces quants of four bits by those of a table.
inline __m512i looked_up(const uint8_t (&table)[16], __m512i quants) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
    return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(bytes), quants);
}

inline __m512 halves(const uint8_t* from) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}
inline __m512i unsigned_bytes(const uint8_t* from) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
inline __m512 signed_factors(const uint8_t* from) {
    return _mm512_cvtepi32_ps(
        _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
}

/// Sizes of a type, and what most types do.
template <const Packing& packing, int scales_, int minima_>
struct Sizes {
    static constexpr int64_t group_bytes = packing.group_bytes();
    static constexpr int64_t scale_blocks = packing.scale_blocks;
    static constexpr int64_t scale_bytes = packing.scale_bytes;
    static constexpr int n_scales = scales_;
    static constexpr int n_minima = minima_;
    static constexpr Packing sizes = packing;
    static constexpr bool from_memory = true;
};

// Scales.

/// F16, and for types with a minimum F16 again.
template <const Packing& packing, int minima>
struct PlainScales : Sizes<packing, 1, minima> {
    static __m512 scale(const uint8_t* scales, int64_t, int) { return halves(scales); }
    static __m512 minimum(const uint8_t* scales, int64_t, int) { return halves(scales + 32); }
};

/// Q4_K and Q5_K.
template <const Packing& packing>
struct SuperScales : Sizes<packing, 1, 1> {
    static constexpr int64_t n_factors = int64_t{super_blocks} * row_group;
    static __m512 scale(const uint8_t* scales, int64_t i, int) {
        return _mm512_mul_ps(halves(scales + 2 * n_factors),
                             _mm512_cvtepi32_ps(unsigned_bytes(scales + i * row_group)));
    }
    static __m512 minimum(const uint8_t* scales, int64_t i, int) {
        return _mm512_mul_ps(
            halves(scales + 2 * n_factors + 32),
            _mm512_cvtepi32_ps(unsigned_bytes(scales + n_factors + i * row_group)));
    }
};

/// Q3_K, Q6_K and IQ4_XS: `n` signed factors a block.
template <const Packing& packing, int n>
struct SignedScales : Sizes<packing, n, 0> {
    static __m512 scale(const uint8_t* scales, int64_t i, int s) {
        return _mm512_mul_ps(halves(scales + int64_t{super_blocks} * n * row_group),
                             signed_factors(scales + (i * n + s) * row_group));
    }
};

/// Q2_K.
struct HalfByteScales : Sizes<packing::q2_k, 2, 2> {
    static constexpr int64_t n_factors = int64_t{super_blocks} * 2 * row_group;
    static __m512 scale(const uint8_t* scales, int64_t i, int s) {
        const __m512i both = unsigned_bytes(scales + (i * 2 + s) * row_group);
        return _mm512_mul_ps(halves(scales + n_factors),
                             _mm512_cvtepi32_ps(_mm512_and_si512(both, _mm512_set1_epi32(15))));
    }
    static __m512 minimum(const uint8_t* scales, int64_t i, int s) {
        const __m512i both = unsigned_bytes(scales + (i * 2 + s) * row_group);
        return _mm512_mul_ps(halves(scales + n_factors + 32),
                             _mm512_cvtepi32_ps(_mm512_srli_epi32(both, 4)));
    }
};

/// MXFP4: 2^(exponent - 128). The two smallest exponents give numbers that are not normal.
struct ExponentScales : Sizes<packing::mxfp4, 1, 0> {
    static __m512 scale(const uint8_t* scales, int64_t, int) {
        const __m512i exponent = unsigned_bytes(scales);
        const __m512i normal =
            _mm512_slli_epi32(_mm512_sub_epi32(exponent, _mm512_set1_epi32(1)), 23);
        const __m512i small = _mm512_sllv_epi32(_mm512_set1_epi32(0x00200000), exponent);
        const __mmask16 is_small = _mm512_cmpgt_epi32_mask(_mm512_set1_epi32(2), exponent);
        return _mm512_castsi512_ps(_mm512_mask_mov_epi32(normal, is_small, small));
    }
};

// Types: the quants with their scales.

struct Q8_0 : PlainScales<packing::q8_0, 0> {
    static __m512i load(const uint8_t* block, int c) { return load_512(block + c * 64); }
};

/// Types of four bits whose weights are found in a table; it has them + 128.
template <typename Scales, const uint8_t (&table)[16]>
struct FromTable : Scales {
    static __m512i load(const uint8_t* block, int c) { return looked_up(table, nibbles(block, c)); }
};
using Q4_0 = FromTable<PlainScales<packing::q4_0, 0>, weights_of_q4_0>;
using IQ4_NL = FromTable<PlainScales<packing::iq4_nl, 0>, weights_of_iq4>;
using IQ4_XS = FromTable<SignedScales<packing::iq4_xs, 1>, weights_of_iq4>;
using MXFP4 = FromTable<ExponentScales, weights_of_mxfp4>;

template <typename Scales>
struct FourBits : Scales {
    static __m512i load(const uint8_t* block, int c) { return nibbles(block, c); }
};
using Q4_1 = FourBits<PlainScales<packing::q4_1, 1>>;
using Q4_K = FourBits<SuperScales<packing::q4_k>>;

struct Q5_0 : PlainScales<packing::q5_0, 0> {
    static __m512i load(const uint8_t* block, int c) {
        return _mm512_add_epi8(nibbles(block, c), chosen_by_bits(block + 256, c, 112, 128));
    }
};

template <typename Scales>
struct FiveBits : Scales {
    static __m512i load(const uint8_t* block, int c) {
        return _mm512_or_si512(nibbles(block, c), chosen_by_bits(block + 256, c, 0, 16));
    }
};
using Q5_1 = FiveBits<PlainScales<packing::q5_1, 1>>;
using Q5_K = FiveBits<SuperScales<packing::q5_k>>;

struct Q6_K : SignedScales<packing::q6_k, 2> {
    static __m512i load(const uint8_t* block, int c) {
        return _mm512_add_epi8(
            _mm512_or_si512(nibbles(block, c), pairs_above_nibbles(block + 256, c)), all_bytes(96));
    }
};

struct Q3_K : SignedScales<packing::q3_k, 2> {
    static __m512i load(const uint8_t* block, int c) {
        return _mm512_add_epi8(pairs(block, c), chosen_by_bits(block + 128, c, 124, 128));
    }
};

struct Q2_K : HalfByteScales {
    static __m512i load(const uint8_t* block, int c) { return pairs(block, c); }
};

}  // namespace
}  // namespace infinipot::kernels
