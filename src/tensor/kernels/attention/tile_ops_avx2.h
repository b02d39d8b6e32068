// Packs the tiles of entries for tiled_x8.cpp and multiplies them. Included by that file only.
//
// Products are of 16-bit integers with exact 32-bit sums, by vpmaddwd and vpaddd. Scales are chosen
// as in tile_ops_avx512.h. The code treats a pair as an int32:
//
//     keys     [n_embd_head/2][64]   elements (i, i + 8) of an entry; lanes are entries
//     values   [32][n_embd_head]     entries (j, j + 8); lanes are elements
//     queries  [row][n_embd_head/2]  as in keys
//     weights  [row][32]             as in values
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "tensor/kernels/attention/entries.h"
#include "tensor/kernels/attention/entry_tile.h"
#include "tensor/kernels/simd/f32s.h"

namespace infinipot::kernels {
namespace {

using Packed = int32_t;
constexpr int packing = 2;  // numbers in one Packed
constexpr int block_rows = 6;
constexpr int query_padding = 0;
constexpr int rows_read(int n_rows) { return n_rows; }
constexpr int packed(int n_embd_head) { return n_embd_head / 2; }

struct Multiplier {};

constexpr float int16_max = 32767;
constexpr float query_norm = 30000;  // times key_norm: below 2^31, with room for rounding
constexpr float key_norm = 71000;
constexpr float weight_sum = 65000;  // times int16_max: below 2^31, with room for rounding

void store(int32_t* to, __m256i x) { _mm256_store_si256(reinterpret_cast<__m256i*>(to), x); }
__m256i load(const int32_t* from) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
}

/// Returns (low, high) of each lane as 16-bit integers: round(x * inverse).
__m256i quantize_pairs(F32x8 low, F32x8 high, F32x8 inverse) {
    const __m256i l = _mm256_cvtps_epi32(low * inverse);
    const __m256i h = _mm256_cvtps_epi32(high * inverse);
    return _mm256_blend_epi16(l, _mm256_slli_epi32(h, 16), 0b10101010);
}

/// Upper bounds of a tile: `max` of the magnitude of any element, and `norm` of the norm of any
/// entry. Both are NaN if an element is NaN.
struct Bounds {
    float max, norm;
};

float largest_magnitude(__m256i x) {
    __m128i most = _mm_max_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    most = _mm_max_epi32(most, _mm_unpackhi_epi64(most, most));
    most = _mm_max_epi32(most, _mm_shuffle_epi32(most, 1));
    return _mm_cvtss_f32(_mm_castsi128_ps(most));
}

/// Decodes all entries, F32 [64][n_embd_head]. Entries past the end repeat the last one.
template <EntryType type>
Bounds decode(const Entries& entries, float* out) {
    // Magnitudes compare like integers, among which NaN is the largest.
    const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
    __m256i most = _mm256_setzero_si256(), most_squares = _mm256_setzero_si256();
    for (int i = 0; i < tile; ++i, out += entries.n_embd_head) {
        const char* entry = entries.entry(i);
        F32x8 squares = zero();
        for (int at = 0; at < entries.n_embd_head; at += lanes) {
            const F32x8 x = elements<type>(entry, at);
            store(out + at, x);
            most = _mm256_max_epi32(most, _mm256_and_si256(_mm256_castps_si256(x), magnitude));
            squares = fma(x, x, squares);
        }
        most_squares = _mm256_max_epi32(most_squares, _mm256_castps_si256(squares));
    }
    return {largest_magnitude(most),
            __builtin_sqrtf(sum_of_lanes(_mm256_castsi256_ps(most_squares)))};
}

Bounds decode(const Entries& entries, float* out) {
    using Decode = Bounds (*)(const Entries&, float*);
    return of_type(entries.type, []<EntryType of>() -> Decode { return decode<of>; })(entries, out);
}

/// Transposes 8 x 8: interleaves rows i and i + 4, three times.
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
float load_keys(const Entries& k, Packed* out, Prefetch& /*prefetch*/) {
    alignas(64) float decoded[tile * attention_max_head];
    const Bounds bounds = decode(k, decoded);
    const float by_max = bounds.max / int16_max, by_norm = bounds.norm / key_norm;
    const float scale = by_max > by_norm ? by_max : by_norm;
    const F32x8 inverse = all(ratio(1, scale));
    for (int entry = 0; entry < tile; entry += lanes)
        for (int at = 0; at < k.n_embd_head; at += 2 * lanes) {
            __m256i rows[lanes];
#pragma GCC unroll 8
            for (int i = 0; i < lanes; ++i) {
                const float* from = decoded + (entry + i) * k.n_embd_head + at;
                rows[i] = quantize_pairs(load(from), load(from + lanes), inverse);
            }
            transpose(rows);
#pragma GCC unroll 8
            for (int i = 0; i < lanes; ++i) store(out + (at / 2 + i) * tile + entry, rows[i]);
        }
    return scale;
}

/// Writes a tile of values and returns their scale.
float load_values(const Entries& v, Packed* out, Prefetch& /*prefetch*/) {
    alignas(64) float decoded[tile * attention_max_head];
    const Bounds bounds = decode(v, decoded);
    const float scale = bounds.max / int16_max;
    const F32x8 inverse = all(ratio(1, scale));
    const int d = v.n_embd_head;
    for (int pair = 0; pair < tile / 2; ++pair) {
        const float* from = decoded + (pair / lanes * 2 * lanes + pair % lanes) * d;
        for (int at = 0; at < d; at += lanes)
            store(out + pair * d + at,
                  quantize_pairs(load(from + at), load(from + lanes * d + at), inverse));
    }
    return scale;
}

/// Writes a row of queries and returns their scale.
float pack_query(const float* q, int n_embd_head, Packed* out) {
    F32x8 squares = zero();
    for (int at = 0; at < n_embd_head; at += lanes)
        squares = fma(load(q + at), load(q + at), squares);
    const float norm = __builtin_sqrtf(sum_of_lanes(squares));
    const F32x8 inverse = all(ratio(query_norm, norm));
    for (int at = 0; at < n_embd_head; at += 2 * lanes)
        store(out + at / 2, quantize_pairs(load(q + at), load(q + at + lanes), inverse));
    return norm / query_norm;
}

/// Writes a row of weights, whose sums are `sums` lane by lane, and returns their scale.
float pack_weights(const F32x8 (&weights)[tile_registers], F32x8 sums, Packed* out) {
    // A weight of more than half the sum would not fit into 16 bits.
    const float total = sum_of_lanes(sums);
    const float new_sum =
        largest_lane(fold(weights, larger)) > total / 2 ? weight_sum / 2 : weight_sum;
    const F32x8 inverse = all(ratio(new_sum, total));
#pragma GCC unroll 4
    for (int i = 0; i < tile_registers; i += 2)
        store(out + i / 2 * lanes, quantize_pairs(weights[i], weights[i + 1], inverse));
    return total / new_sum;
}

/// Computes sum += a * b, pair by pair. It is assembly because GCC otherwise computes all products
/// of a step before it adds the first. There are too few registers for that: half the speed.
void add_products(__m256i& sum, __m256i a, __m256i b) {
    asm("vpaddd %1, %0, %0" : "+x"(sum) : "x"(_mm256_madd_epi16(a, b)));
}

/// Computes c[M][width] = factors[M] * c + scales[M] * a[M][n] b[n][width], or without the first
/// term if factors is null. a and b hold pairs, rows of a are n apart, and `width` is a multiple of
/// 16.
template <int M>
void multiply(const Packed* a, int n, const Packed* b, int width, const float* scales,
              const float* factors, float* c, Prefetch& /*prefetch*/) {
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
            for (int i = 0; i < 2; ++i)
                put_product(_mm256_cvtepi32_ps(sum[m][i]), m, scales, factors,
                            c + m * width + at + i * lanes);
    }
}

}  // namespace
}  // namespace infinipot::kernels
