// Packs the tiles of entries for tiled_avx512.cpp and multiplies them. Included by that file only.
//
// Products are of 16-bit integers with exact 32-bit sums, by vpdpwssd: twice as many per cycle as
// with F32. Scales are chosen so that no sum overflows and little precision is lost. For scores,
// Σ|q k| <= ‖q‖ ‖k‖, and ‖k‖ is bounded for the whole tile. For results, Σ|w v| <= Σw max|v|.
#pragma once

#include "tensor/kernels/attention/tile_ops_x16.h"

namespace infinipot::kernels {
namespace {

constexpr int block_rows = 6;  // 6 x 4 accumulators and 4 registers of the tile: 28 of 32
constexpr int query_padding = filling;
constexpr int rows_read(int n_rows) { return n_rows; }

struct Multiplier {};

constexpr float int16_max = 32767;
constexpr float query_norm = 30000;  // times key_norm: below 2^31, with room for rounding
constexpr float key_norm = 71000;
constexpr float weight_sum = 65000;  // times int16_max: below 2^31, with room for rounding

/// Like __m512i, but GCC keeps arrays of it in registers.
using Int32x16 = int32_t __attribute__((vector_size(64)));

/// Returns (low, high) of each lane as 16-bit integers: round(x * inverse).
struct QuantizedPair {
    F32s inverse;
    __m512i operator()(F32s low, F32s high) const {
        const __m512i l = _mm512_cvtps_epi32(_mm512_mul_ps(low, inverse));
        const __m512i h = _mm512_cvtps_epi32(_mm512_mul_ps(high, inverse));
        return _mm512_mask_blend_epi16(0xAAAAAAAA, l, _mm512_slli_epi32(h, 16));
    }
};

/// Upper bounds of a tile: `max` of the magnitude of any element, and `norm` of the norm of any
/// entry. `norm` is the norm of an entry with the largest magnitude in every element.
struct Bounds {
    float max, norm;
};

/// Returns the largest magnitudes of elements `at` to `at + 15` over all entries. Magnitudes
/// compare like integers, among which NaN is the largest.
template <EntryType type>
F32s largest_elements(const Entries& entries, int at) {
    if constexpr (type == EntryType::f16) {
        const __m256i magnitude = _mm256_set1_epi16(0x7fff);
        __m256i most = _mm256_setzero_si256();
        for (int i = 0; i < entries.n; ++i) {
            const auto* from = reinterpret_cast<const __m256i*>(entries.entry(i) + at * 2);
            most = _mm256_max_epi16(most, _mm256_and_si256(_mm256_loadu_si256(from), magnitude));
        }
        return _mm512_cvtph_ps(most);
    } else {
        const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
        __m512i most = _mm512_setzero_si512();
        for (int i = 0; i < entries.n; ++i) {
            const __m512i bits = _mm512_castps_si512(elements<type>(entries.entry(i), at));
            most = _mm512_max_epi32(most, _mm512_and_si512(bits, magnitude));
        }
        return _mm512_castsi512_ps(most);
    }
}

template <EntryType type>
Bounds bounds(const Entries& entries) {
    F32s max = zero(), squares = zero();
    for (int at = 0; at < entries.n_embd_head; at += lanes) {
        const F32s largest = largest_elements<type>(entries, at);
        max = larger(max, largest);
        squares = fma(largest, largest, squares);
    }
    return {largest_lane(max), __builtin_sqrtf(sum_of_lanes(squares))};
}

template <EntryType type>
float load_keys_of(const Entries& k, Packed* out, Prefetch& prefetch) {
    const Bounds most = bounds<type>(k);
    const float by_max = most.max / int16_max, by_norm = most.norm / key_norm;
    const float scale = by_max > by_norm ? by_max : by_norm;
    pack_keys<type>(k, QuantizedPair{all(ratio(1, scale))}, out, prefetch);
    return scale;
}

template <EntryType type>
float load_values_of(const Entries& v, Packed* out, Prefetch& prefetch) {
    const float scale = bounds<type>(v).max / int16_max;
    pack_values<type>(v, QuantizedPair{all(ratio(1, scale))}, out, prefetch);
    return scale;
}

using LoadTile = float (*)(const Entries&, Packed*, Prefetch&);

/// Writes a tile of keys, with n_embd_head padded, and returns their scale.
float load_keys(const Entries& k, Packed* out, Prefetch& prefetch) {
    return of_type(k.type, []<EntryType of>() -> LoadTile { return load_keys_of<of>; })(k, out,
                                                                                        prefetch);
}

/// Writes a tile of values and returns their scale.
float load_values(const Entries& v, Packed* out, Prefetch& prefetch) {
    return of_type(v.type, []<EntryType of>() -> LoadTile { return load_values_of<of>; })(v, out,
                                                                                          prefetch);
}

/// Writes a row of queries and returns their scale.
float pack_query(const float* q, int n_embd_head, Packed* out) {
    F32s squares = zero();
    for (int at = 0; at < n_embd_head; at += lanes)
        squares = fma(load(q + at), load(q + at), squares);
    const float norm = __builtin_sqrtf(sum_of_lanes(squares));
    pack_row(q, n_embd_head, QuantizedPair{all(ratio(query_norm, norm))}, out);
    return norm / query_norm;
}

/// Writes a row of weights, whose sums are `sums` lane by lane, and returns their scale.
float pack_weights(const F32s (&weights)[tile_registers], F32s sums, Packed* out) {
    // A weight of more than half the sum would not fit into 16 bits.
    const float sum = sum_of_lanes(sums);
    const bool one_rules = any_above(fold(weights, larger), all(sum / 2));
    const float new_sum = one_rules ? weight_sum / 2 : weight_sum;
    pack_tile_row(weights, QuantizedPair{all(ratio(new_sum, sum))}, out);
    return sum / new_sum;
}

/// Computes c[M][16 N] = factors[M] * c + scales[M] * a[M][n] b[n][16 N], or without the first term
/// if factors is null. a and b hold pairs; rows of a are n apart, rows of b and c `width`.
template <int M, int N>
void multiply_block(const Packed* a, int n, const Packed* b, int width, const float* scales,
                    const float* factors, float* c, Prefetch& prefetch) {
    Int32x16 sum[M][N];
#pragma GCC unroll 6
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
        for (int i = 0; i < N; ++i) sum[m][i] = Int32x16{};
    for (int k = 0; k < n; ++k) {
        prefetch.fetch_line();
        prefetch.fetch_line();
        __m512i row[N];
#pragma GCC unroll 4
        for (int i = 0; i < N; ++i) row[i] = _mm512_load_si512(b + k * width + i * lanes);
#pragma GCC unroll 6
        for (int m = 0; m < M; ++m) {
            const __m512i repeated = _mm512_set1_epi32(a[m * n + k]);
#pragma GCC unroll 4
            for (int i = 0; i < N; ++i)
                sum[m][i] = Int32x16(_mm512_dpwssd_epi32(__m512i(sum[m][i]), repeated, row[i]));
        }
    }
#pragma GCC unroll 6
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
        for (int i = 0; i < N; ++i)
            put_product(_mm512_cvtepi32_ps(__m512i(sum[m][i])), m, scales, factors,
                        c + m * width + i * lanes);
}

/// Computes c[M][width] = factors[M] * c + scales[M] * a[M][n] b[n][width] for any width that is a
/// multiple of 16. Rows of a are n apart.
template <int M>
void multiply(const Packed* a, int n, const Packed* b, int width, const float* scales,
              const float* factors, float* c, Prefetch& prefetch) {
    int at = 0;
    for (; at + 4 * lanes <= width; at += 4 * lanes)
        multiply_block<M, 4>(a, n, b + at, width, scales, factors, c + at, prefetch);
    if (const int rest = width - at; rest == 3 * lanes)
        multiply_block<M, 3>(a, n, b + at, width, scales, factors, c + at, prefetch);
    else if (rest == 2 * lanes)
        multiply_block<M, 2>(a, n, b + at, width, scales, factors, c + at, prefetch);
    else if (rest == lanes)
        multiply_block<M, 1>(a, n, b + at, width, scales, factors, c + at, prefetch);
}

}  // namespace
}  // namespace infinipot::kernels
