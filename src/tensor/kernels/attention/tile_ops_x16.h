// Layout of the tiles of entries in the kernels of attention for sixteen floats at a time. Included
// by tile_ops_avx512.h and tile_ops_amx.h.
//
// Both kernels multiply pairs of 16-bit numbers with pairs and add the two products to a 32-bit
// sum. Numbers are therefore paired along the axis of the sum, and the code treats a pair as an
// int32:
//
//     keys     [n_embd_head/2][64]   elements (i, i + 16) of an entry; lanes are entries
//     values   [32][n_embd_head]     entries (j, j + 16); lanes are elements
//     queries  [row][n_embd_head/2]  as in keys
//     weights  [row][32]             as in values
//
// An n_embd_head that is no multiple of 32 is padded with zeros, except in values.
#pragma once

#include <cstdint>

#include "tensor/kernels/attention/entries.h"
#include "tensor/kernels/attention/entry_tile.h"
#include "tensor/kernels/simd/f32s.h"

namespace infinipot::kernels {
namespace {

using Packed = int32_t;
constexpr int packing = 2;  // numbers in one Packed

constexpr int packed(int n_embd_head) { return (n_embd_head + 31) / 32 * 16; }

/// Largest padding of the queries of a piece; heads of 48 need the most.
constexpr int filling = attention_max_queries / 48 * 8;

/// Returns elements `at` to `at + 31` of a row of n as pairs. Elements from n on are 0.
template <typename Load, typename Pair>
__m512i pairs_of(int at, int n, Load load_from, Pair pair) {
    return pair(load_from(at), at + lanes < n ? load_from(at + lanes) : zero());
}

/// Transposes 16 x 16: interleaves rows i and i + 8, four times.
void transpose(__m512i (&rows)[lanes]) {
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
#pragma GCC unroll 4
    for (int round = 0; round < 4; ++round) {
        __m512i next[lanes];
#pragma GCC unroll 8
        for (int i = 0; i < lanes / 2; ++i) {
            next[2 * i] = _mm512_permutex2var_epi32(rows[i], low, rows[i + lanes / 2]);
            next[2 * i + 1] = _mm512_permutex2var_epi32(rows[i], high, rows[i + lanes / 2]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < lanes; ++i) rows[i] = next[i];
    }
}

template <EntryType type, typename Pair>
void pack_keys(const Entries& k, Pair pair, Packed* out, Prefetch& prefetch) {
    for (int entry = 0; entry < tile; entry += lanes)
        for (int at = 0; at < k.n_embd_head; at += 2 * lanes) {
            for (int i = 0; i < 8; ++i) prefetch.fetch_line();
            __m512i rows[lanes];
#pragma GCC unroll 16
            for (int i = 0; i < lanes; ++i) {
                const char* from = k.entry(entry + i);
                rows[i] = pairs_of(
                    at, k.n_embd_head, [&](int j) { return elements<type>(from, j); }, pair);
            }
            transpose(rows);
#pragma GCC unroll 16
            for (int i = 0; i < lanes; ++i)
                _mm512_store_si512(out + (at / 2 + i) * tile + entry, rows[i]);
        }
}

template <EntryType type, typename Pair>
void pack_values(const Entries& v, Pair pair, Packed* out, Prefetch& prefetch) {
    for (int row = 0; row < tile / 2; ++row) {
        const int entry = row < lanes ? row : row + lanes;
        const char *first = v.entry(entry), *second = v.entry(entry + lanes);
        for (int at = 0; at < v.n_embd_head; at += lanes) {
            if (at % 32 == 0) prefetch.fetch_line();
            _mm512_store_si512(out + row * v.n_embd_head + at,
                               pair(elements<type>(first, at), elements<type>(second, at)));
        }
    }
}

template <typename Pair>
void pack_row(const float* row, int n, Pair pair, Packed* out) {
    for (int at = 0; at < n; at += 2 * lanes)
        _mm512_store_si512(out + at / 2, pairs_of(
                                             at, n, [&](int j) { return load(row + j); }, pair));
}

template <typename Pair>
void pack_tile_row(const F32s (&row)[tile_registers], Pair pair, Packed* out) {
    _mm512_store_si512(out, pair(row[0], row[1]));
    _mm512_store_si512(out + lanes, pair(row[2], row[3]));
}

}  // namespace
}  // namespace infinipot::kernels
