// Packs the tiles of entries for tiled_amx.cpp and multiplies them. Included by that file only.
//
// Products are of BF16 numbers with sums in F32: 16 rows by 32 numbers by 16 columns in one
// instruction. Operands keep 8 bits of precision and need no scale.
#pragma once

#include "tensor/kernels/attention/tile_ops_x16.h"
#include "tensor/kernels/simd/amx.h"

namespace infinipot::kernels {
namespace {

constexpr int block_rows = 16;
constexpr int rows_read(int /*n_rows*/) { return block_rows; }
constexpr int query_padding = filling + (block_rows - 1) * attention_max_head / packing;

using Multiplier = AmxTiles;

/// Rounds floats to BF16 in the upper halves, to nearest with ties to even. NaN stays NaN.
__m512i rounded(F32s x) {
    const __m512i bits = _mm512_castps_si512(x);
    const __m512i magnitude = _mm512_and_si512(bits, _mm512_set1_epi32(0x7fffffff));
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i half = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff));
    const __m512i up =
        _mm512_min_epu32(_mm512_add_epi32(magnitude, half), _mm512_set1_epi32(0x7fffffff));
    return _mm512_or_si512(up, _mm512_andnot_si512(_mm512_set1_epi32(0x7fffffff), bits));
}

/// Returns (low, high) of each lane as BF16.
struct RoundedPair {
    __m512i operator()(F32s low, F32s high) const {
        const __m512i upper = _mm512_set1_epi32(static_cast<int>(0xffff0000));
        return _mm512_or_si512(_mm512_srli_epi32(rounded(low), 16),
                               _mm512_and_si512(rounded(high), upper));
    }
};

using LoadTile = void (*)(const Entries&, RoundedPair, Packed*, Prefetch&);

/// Writes a tile of keys and returns their scale, which is 1 for everything packed here.
float load_keys(const Entries& k, Packed* out, Prefetch& prefetch) {
    of_type(k.type, []<EntryType of>() -> LoadTile { return pack_keys<of, RoundedPair>; })(
        k, {}, out, prefetch);
    return 1;
}

float load_values(const Entries& v, Packed* out, Prefetch& prefetch) {
    of_type(v.type, []<EntryType of>() -> LoadTile { return pack_values<of, RoundedPair>; })(
        v, {}, out, prefetch);
    return 1;
}

float pack_query(const float* q, int n_embd_head, Packed* out) {
    pack_row(q, n_embd_head, RoundedPair{}, out);
    return 1;
}

float pack_weights(const F32s (&weights)[tile_registers], F32s /*sums*/, Packed* out) {
    pack_tile_row(weights, RoundedPair{}, out);
    return 1;
}

/// Computes sums[N][16][16] = a[16][n] b[n][16 N]. Rows of a are n apart and rows of b `width`; n
/// is a multiple of 16.
template <int N>
void multiply_tiles(const Packed* a, int n, const Packed* b, int width, float (*sums)[256],
                    Prefetch& prefetch) {
    constexpr std::ptrdiff_t bytes = sizeof(Packed);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int k = 0; k < n; k += 16) {
        for (int i = 0; i < 4; ++i) prefetch.fetch_line();
        const Packed* rows = b + k * width;
        _tile_loadd(4, a + k, n * bytes);
        _tile_loadd(5, rows, width * bytes);
        _tile_dpbf16ps(0, 4, 5);
        if constexpr (N > 1) {
            _tile_loadd(6, rows + lanes, width * bytes);
            _tile_dpbf16ps(1, 4, 6);
        }
        if constexpr (N > 2) {
            _tile_loadd(7, rows + 2 * lanes, width * bytes);
            _tile_dpbf16ps(2, 4, 7);
        }
        if constexpr (N > 3) {
            _tile_loadd(5, rows + 3 * lanes, width * bytes);
            _tile_dpbf16ps(3, 4, 5);
        }
    }
    _tile_stored(0, sums[0], 64);
    if constexpr (N > 1) _tile_stored(1, sums[1], 64);
    if constexpr (N > 2) _tile_stored(2, sums[2], 64);
    if constexpr (N > 3) _tile_stored(3, sums[3], 64);
}

using MultiplyTiles = void (*)(const Packed*, int, const Packed*, int, float (*)[256], Prefetch&);
constexpr MultiplyTiles multiply_tiles_functions[] = {multiply_tiles<1>, multiply_tiles<2>,
                                                      multiply_tiles<3>, multiply_tiles<4>};

/// Computes c[M][width] = factors[M] * c + scales[M] * a[M][n] b[n][width], or without the first
/// term if factors is null. a and b hold pairs, rows of a are n apart, and `width` is a multiple of
/// 16. a has 16 rows; those from M on do not matter.
template <int M>
void multiply(const Packed* a, int n, const Packed* b, int width, const float* scales,
              const float* factors, float* c, Prefetch& prefetch) {
    alignas(64) float sums[4][256];
    for (int at = 0; at < width; at += 4 * lanes) {
        const int left = (width - at) / lanes, n_columns = left < 4 ? left : 4;
        multiply_tiles_functions[n_columns - 1](a, n, b + at, width, sums, prefetch);
        for (int m = 0; m < M; ++m)
            for (int i = 0; i < n_columns; ++i)
                put_product(load(sums[i] + m * lanes), m, scales, factors,
                            c + m * width + at + i * lanes);
    }
}

}  // namespace
}  // namespace infinipot::kernels
