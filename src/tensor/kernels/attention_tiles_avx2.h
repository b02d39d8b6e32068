// The tiles of entries that attention_avx2.cpp works on, and the product it does with them.
// Included by that file only.
//
// As attention_tiles_avx512.h, which says how scales are chosen: products are of 16-bit integers
// with exact 32-bit sums, by vpmaddwd and vpaddd. A pair is an int32 to us:
//
//     keys     [n_embd_head/2][64]   elements (i, i + 8) of an entry; lanes are entries
//     values   [32][n_embd_head]     entries (j, j + 8); lanes are elements
//     queries  [row][n_embd_head/2]  as in keys
//     weights  [row][32]             as in values
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "tensor/kernels/attention_layout.h"
#include "tensor/kernels/entries_avx2.h"
#include "tensor/kernels/math_avx2.h"

namespace infinipot::kernels {
namespace {

constexpr int tile = 64;  // entries
constexpr float int16_max = 32767;
constexpr float query_norm = 30000;  // times key_norm: 2^31, with some room for rounding
constexpr float key_norm = 71000;
constexpr float weight_sum = 65000;  // times int16_max: likewise

void store(int32_t* to, __m256i x) { _mm256_store_si256(reinterpret_cast<__m256i*>(to), x); }
__m256i load(const int32_t* from) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
}

/// (low, high) of each lane as 16-bit integers: round(x * inverse).
__m256i quantize_pairs(__m256 low, __m256 high, __m256 inverse) {
    const __m256i l = _mm256_cvtps_epi32(_mm256_mul_ps(low, inverse));
    const __m256i h = _mm256_cvtps_epi32(_mm256_mul_ps(high, inverse));
    return _mm256_blend_epi16(l, _mm256_slli_epi32(h, 16), 0b10101010);
}

/// Some of the entries of a KV head, `entry_bytes` apart.
struct Entries {
    const char* data;
    std::size_t entry_bytes;
    EntryType type;
    int n;
    int n_embd_head;
};

/// No element is larger than `max` in magnitude, and no entry has a norm above `norm`. Both are not
/// numbers where an element is none.
struct Bounds {
    float max, norm;
};

float largest_magnitude(__m256i x) {
    __m128i most = _mm_max_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    most = _mm_max_epi32(most, _mm_unpackhi_epi64(most, most));
    most = _mm_max_epi32(most, _mm_shuffle_epi32(most, 1));
    return _mm_cvtss_f32(_mm_castsi128_ps(most));
}

/// Writes all entries, F32 [64][n_embd_head]; those past the end repeat the last one.
template <EntryType type>
Bounds decode(const Entries& entries, float* out) {
    // Magnitudes compare like integers, among which NaN is the largest.
    const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
    __m256i most = _mm256_setzero_si256(), most_squares = _mm256_setzero_si256();
    for (int i = 0; i < tile; ++i, out += entries.n_embd_head) {
        const auto row = static_cast<std::size_t>(i < entries.n ? i : entries.n - 1);
        const char* entry = entries.data + row * entries.entry_bytes;
        __m256 squares = _mm256_setzero_ps();
        for (int at = 0; at < entries.n_embd_head; at += lanes) {
            const __m256 x = elements<type>(entry, at);
            _mm256_store_ps(out + at, x);
            most = _mm256_max_epi32(most, _mm256_and_si256(_mm256_castps_si256(x), magnitude));
            squares = _mm256_fmadd_ps(x, x, squares);
        }
        most_squares = _mm256_max_epi32(most_squares, _mm256_castps_si256(squares));
    }
    return {largest_magnitude(most),
            __builtin_sqrtf(sum_of_lanes(_mm256_castsi256_ps(most_squares)))};
}

Bounds decode(const Entries& entries, float* out) {
    switch (entries.type) {
        case EntryType::f16:
            return decode<EntryType::f16>(entries, out);
        case EntryType::bf16:
            return decode<EntryType::bf16>(entries, out);
        case EntryType::q8_0:
            return decode<EntryType::q8_0>(entries, out);
        case EntryType::q4_0:
            return decode<EntryType::q4_0>(entries, out);
        case EntryType::other:
            break;
    }
    __builtin_unreachable();
}

// --- Tiles ------------------------------------------------------------------------------------

/// Transposes 8 x 8: three times, rows i and i + 4 are interleaved.
void transpose(__m256i (&rows)[lanes]) {
    constexpr int in_order = 0b11'01'10'00;
#pragma GCC unroll 3
    for (int round = 0; round < 3; ++round) {
        __m256i next[lanes];
#pragma GCC unroll 4
        for (int i = 0; i < lanes / 2; ++i) {  // unpacking works within halves
            const __m256i a = _mm256_permute4x64_epi64(rows[i], in_order);
            const __m256i b = _mm256_permute4x64_epi64(rows[i + lanes / 2], in_order);
            next[2 * i] = _mm256_unpacklo_epi32(a, b);
            next[2 * i + 1] = _mm256_unpackhi_epi32(a, b);
        }
#pragma GCC unroll 8
        for (int i = 0; i < lanes; ++i) rows[i] = next[i];
    }
}

/// Writes a tile of keys and returns their scale.
float load_keys(const Entries& k, float* decoded, int32_t* out) {
    const Bounds bounds = decode(k, decoded);
    const float by_max = bounds.max / int16_max, by_norm = bounds.norm / key_norm;
    const float scale = by_max > by_norm ? by_max : by_norm;
    const __m256 inverse = _mm256_set1_ps(ratio(1, scale));
    for (int entry = 0; entry < tile; entry += lanes)
        for (int at = 0; at < k.n_embd_head; at += 2 * lanes) {
            __m256i rows[lanes];
#pragma GCC unroll 8
            for (int i = 0; i < lanes; ++i) {
                const float* from = decoded + (entry + i) * k.n_embd_head + at;
                rows[i] =
                    quantize_pairs(_mm256_load_ps(from), _mm256_load_ps(from + lanes), inverse);
            }
            transpose(rows);
#pragma GCC unroll 8
            for (int i = 0; i < lanes; ++i) store(out + (at / 2 + i) * tile + entry, rows[i]);
        }
    return scale;
}

/// Writes a tile of values and returns their scale.
float load_values(const Entries& v, float* decoded, int32_t* out) {
    const Bounds bounds = decode(v, decoded);
    const float scale = bounds.max / int16_max;
    const __m256 inverse = _mm256_set1_ps(ratio(1, scale));
    const int d = v.n_embd_head;
    for (int pair = 0; pair < tile / 2; ++pair) {
        const float* from = decoded + (pair / lanes * 2 * lanes + pair % lanes) * d;
        for (int at = 0; at < d; at += lanes)
            store(out + pair * d + at,
                  quantize_pairs(_mm256_load_ps(from + at), _mm256_load_ps(from + lanes * d + at),
                                 inverse));
    }
    return scale;
}

/// sum += a * b, pair by pair. In assembly because GCC, left to itself, computes all products of a
/// step before it adds the first, for which there are not enough registers: half the speed.
void add_products(__m256i& sum, __m256i a, __m256i b) {
    asm("vpaddd %1, %0, %0" : "+x"(sum) : "x"(_mm256_madd_epi16(a, b)));
}

/// c[M][width] = factors[M] * c + scales[M] * a[M][n] b[n][width], where a and b are of pairs, rows
/// of a are n apart, and `width` is a multiple of 16. Without factors c is written only.
template <int M>
void multiply(const int32_t* a, int n, const int32_t* b, int width, const float* scales,
              const float* factors, float* c) {
    for (int at = 0; at < width; at += 2 * lanes) {
        __m256i sum[M][2];
#pragma GCC unroll 6
        for (int m = 0; m < M; ++m) sum[m][0] = sum[m][1] = _mm256_setzero_si256();
        for (int k = 0; k < n; ++k) {
            const __m256i b0 = load(b + k * width + at), b1 = load(b + k * width + at + lanes);
#pragma GCC unroll 6
            for (int m = 0; m < M; ++m) {
                const __m256i repeated = _mm256_set1_epi32(a[m * n + k]);
                add_products(sum[m][0], b0, repeated);
                add_products(sum[m][1], b1, repeated);
            }
        }
#pragma GCC unroll 6
        for (int m = 0; m < M; ++m)
#pragma GCC unroll 2
            for (int i = 0; i < 2; ++i) {
                float* to = c + m * width + at + i * lanes;
                const __m256 before =
                    factors ? _mm256_mul_ps(_mm256_set1_ps(factors[m]), _mm256_load_ps(to))
                            : _mm256_setzero_ps();
                _mm256_store_ps(to, _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[m][i]),
                                                    _mm256_set1_ps(scales[m]), before));
            }
    }
}

}  // namespace
}  // namespace infinipot::kernels
