// Packs the tiles of entries for tiled_x8.cpp and multiplies them, in F32: for CPUs that multiply
// integers no faster. Included by that file only.
//
//     keys     [n_embd_head][64]   transposed: lanes are entries
//     values   [64][n_embd_head]   lanes are elements
//     queries  [row][n_embd_head]
//     weights  [row][64]
#pragma once

#include "tensor/kernels/attention/entries.h"
#include "tensor/kernels/attention/entry_tile.h"
#include "tensor/kernels/simd/f32s.h"

namespace infinipot::kernels {
namespace {

using Packed = float;
constexpr int packing = 1;  // numbers in one Packed
constexpr int block_rows = 6;
constexpr int query_padding = 0;
constexpr int rows_read(int n_rows) { return n_rows; }
constexpr int packed(int n_embd_head) { return n_embd_head; }

struct Multiplier {};

/// Decodes entries. out: [64][n_embd_head]. Returns 1, or NaN if an element is not finite.
template <EntryType type>
float decode(const Entries& entries, float* out) {
    F32x8 not_finite = zero();
    for (int i = 0; i < tile; ++i)
        for (int at = 0; at < entries.n_embd_head; at += lanes, out += lanes) {
            const F32x8 x = elements<type>(entries.entry(i), at);
            not_finite = fma(x, zero(), not_finite);
            store(out, x);
        }
    return 1 + sum_of_lanes(not_finite);
}

float decode(const Entries& entries, float* out) {
    using Decode = float (*)(const Entries&, float*);
    return of_type(entries.type, []<EntryType of>() -> Decode { return decode<of>; })(entries, out);
}

/// Writes a tile of keys and returns their scale: 1, as for everything packed here, or NaN if a key
/// is not finite.
float load_keys(const Entries& k, Packed* out, Prefetch& /*prefetch*/) {
    alignas(64) float decoded[tile * attention_max_head];
    const float scale = decode(k, decoded);
    for (int entry = 0; entry < tile; entry += lanes)
        for (int at = 0; at < k.n_embd_head; ++at)
#pragma GCC unroll 8
            for (int i = 0; i < lanes; ++i)
                out[at * tile + entry + i] = decoded[(entry + i) * k.n_embd_head + at];
    return scale;
}

float load_values(const Entries& v, Packed* out, Prefetch& /*prefetch*/) { return decode(v, out); }

float pack_query(const float* q, int n_embd_head, Packed* out) {
    __builtin_memcpy(out, q, sizeof(float) * static_cast<unsigned>(n_embd_head));
    return 1;
}

float pack_weights(const F32x8 (&weights)[tile_registers], F32x8 /*sums*/, Packed* out) {
    for (int i = 0; i < tile_registers; ++i) store(out + i * lanes, weights[i]);
    return 1;
}

/// Computes c[M][width] = factors[M] * c + scales[M] * a[M][n] b[n][width], or without the first
/// term if factors is null. Rows of a are n apart, and `width` is a multiple of 16.
template <int M>
void multiply(const Packed* a, int n, const Packed* b, int width, const float* scales,
              const float* factors, float* c, Prefetch& /*prefetch*/) {
    for (int at = 0; at < width; at += 2 * lanes) {
        F32x8 sum[M][2];
#pragma GCC unroll 6
        for (int m = 0; m < M; ++m) sum[m][0] = sum[m][1] = zero();
        for (int k = 0; k < n; ++k) {
            const F32x8 b0 = load(b + k * width + at), b1 = load(b + k * width + at + lanes);
#pragma GCC unroll 6
            for (int m = 0; m < M; ++m) {
                const F32x8 repeated = all(a[m * n + k]);
                sum[m][0] = fma(b0, repeated, sum[m][0]);
                sum[m][1] = fma(b1, repeated, sum[m][1]);
            }
        }
#pragma GCC unroll 6
        for (int m = 0; m < M; ++m)
#pragma GCC unroll 2
            for (int i = 0; i < 2; ++i)
                put_product(sum[m][i], m, scales, factors, c + m * width + at + i * lanes);
    }
}

}  // namespace
}  // namespace infinipot::kernels
