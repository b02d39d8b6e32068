// Attention by tiles of 64 entries. Included by the kernels tiled_*.cpp, each after the header that
// packs its tiles and multiplies them (tile_ops_*.h).
//
// A tile is packed once and used by all rows, `block_rows` at a time: scores = queries x keys,
// softmax, results = results + weights x values. Softmax uses powers of two; queries carry the
// factor scale * log2 e. Its running maximum may lag behind the true one by `max_lag`. Sums are
// rescaled only if a score exceeds the maximum by more, which is rare after the first tile. F32 has
// the range for it.
//
// A header tile_ops_*.h defines:
//
// - Packed, the type of operands; one Packed has `packing` numbers, and a row has
//   packed(n_embd_head) Packed;
// - block_rows; multiply<M>() reads rows_read(M) rows of queries or weights, which must exist;
//   query_padding leaves room for them;
// - load_keys() and load_values(), which write a tile and return its scale;
// - pack_query() and pack_weights(), which write a row and return its scale;
// - multiply<M>(): c = factors c + scales a b;
// - Multiplier, an object that lives while a piece is computed.
#pragma once

#include <cstddef>

#include "tensor/kernels/attention/entry_tile.h"
#include "tensor/kernels/attention/kernel.h"
#include "tensor/kernels/simd/f32s.h"

namespace infinipot::kernels {
namespace {

constexpr int max_rows = attention_max_queries / 32;
constexpr float max_lag = 16;           // weights of up to 2^16
constexpr float lowest_max = -1e29f;    // maximum of no scores
constexpr float hidden_score = -1e30f;  // 2^(hidden_score - any maximum) is 0

/// State of a row's softmax over the scores so far.
struct RowState {
    float max;
    float sums[lanes];  ///< Σ 2^(score - max), lane by lane
};

/// Scaling of the weights of a tile.
struct TileWeights {
    float factor;  ///< for everything that was summed before
    float scale;   ///< of the weights
};

/// Turns 64 scores into weights, 2^(score - max) / scale. The first n_visible scores count, without
/// the first n_hidden of them.
TileWeights softmax(const float* scores, int n_visible, int n_hidden, RowState& state,
                    Packed* weights) {
    F32s s[tile_registers];
#pragma GCC unroll 8
    for (int i = 0; i < tile_registers; ++i) {
        s[i] = load(scores + i * lanes);
        if (n_visible < (i + 1) * lanes)
            s[i] = first_lanes(n_visible - i * lanes, s[i], all(hidden_score));
        if (n_hidden > i * lanes) s[i] = first_lanes(n_hidden - i * lanes, all(hidden_score), s[i]);
    }
    float factor = 1;
    F32s max = all(state.max);
    F32s sums = load(state.sums);
    const F32s highest = fold(s, larger);
    if (any_above(highest, max + all(max_lag))) {
        const float new_max = largest_lane(highest);
        const F32s factors = power_of_two(max - all(new_max));
        factor = first_lane(factors);
        sums = sums * factors;
        max = all(new_max);
        state.max = new_max;
    }
#pragma GCC unroll 8
    for (F32s& x : s) x = power_of_two(x - max);
    const F32s tile_sums = fold(s, [](F32s a, F32s b) { return a + b; });
    store(state.sums, sums + tile_sums);
    return {factor, pack_weights(s, tile_sums, weights)};
}

/// Memory of one piece, on the stack. Results are not yet divided by the sum of weights.
struct Scratch {
    alignas(64) Packed keys[attention_max_head / packing * tile];
    alignas(64) Packed values[tile / packing * attention_max_head];
    alignas(64) Packed queries[attention_max_queries / packing + query_padding];
    alignas(64) float results[attention_max_queries];  // [row][n_embd_head]
    float key_scale, value_scale, query_scales[max_rows];
    RowState states[max_rows];
};

/// Adds the tile in `scratch`, entries `begin` to `end`, to the results of M rows from `row` on.
template <int M>
void add_tile(const AttentionPiece& p, int begin, int end, int row, Scratch& scratch,
              Prefetch& prefetch) {
    const int d = p.n_embd_head, n_packed = packed(d);
    float scales[M], factors[M];
    alignas(64) float scores[M][tile];
    alignas(64) Packed weights[rows_read(M)][tile / packing];
    for (int m = 0; m < M; ++m) scales[m] = scratch.query_scales[row + m] * scratch.key_scale;
    multiply<M>(scratch.queries + row * n_packed, n_packed, scratch.keys, tile, scales, nullptr,
                scores[0], prefetch);
    for (int m = 0; m < M; ++m) {
        const int token = (row + m) / p.n_head;
        const int visible = p.visible + token < end ? p.visible + token : end;
        const TileWeights s = softmax(scores[m], visible - begin, p.hidden + token - begin,
                                      scratch.states[row + m], weights[m]);
        factors[m] = s.factor;
        scales[m] = s.scale * scratch.value_scale;
    }
    multiply<M>(weights[0], tile / packing, scratch.values, d, scales, factors,
                scratch.results + row * d, prefetch);
}

using AddTile = void (*)(const AttentionPiece&, int, int, int, Scratch&, Prefetch&);

template <int M = block_rows>
AddTile add_tile_of(int n_rows) {
    if constexpr (M == 1)
        return add_tile<1>;
    else
        return n_rows == M ? add_tile<M> : add_tile_of<M - 1>(n_rows);
}

void start_row(const AttentionPiece& p, int row, Scratch& scratch) {
    constexpr float log2_e = 1.44269504f;
    const int d = p.n_embd_head;
    const auto token = static_cast<std::size_t>(row / p.n_head);
    const auto head = static_cast<std::size_t>(row % p.n_head);
    const auto* q =
        reinterpret_cast<const float*>(p.q + token * p.q_token_bytes + head * p.q_head_bytes);
    scratch.query_scales[row] =
        pack_query(q, d, scratch.queries + row * packed(d)) * p.scale * log2_e;
    __builtin_memset(scratch.results + row * d, 0, sizeof(float) * static_cast<unsigned>(d));
    scratch.states[row] = {lowest_max, {}};
}

void finish_row(const AttentionPiece& p, int row, const Scratch& scratch) {
    const RowState& state = scratch.states[row];
    const float* result = scratch.results + row * p.n_embd_head;
    float* out = p.out + row / p.n_head * p.out_token_stride + row % p.n_head * p.out_head_stride;
    const float sum = sum_of_lanes(load(state.sums));
    const F32s inverse = all(ratio(1, sum));
    for (int at = 0; at < p.n_embd_head; at += lanes) store(out + at, inverse * load(result + at));
    if (p.wants_lse)
        out[p.n_embd_head] = sum > 0 ? state.max + __builtin_log2f(sum) : -__builtin_inff();
}

/// Returns the entries of the tile at `begin`; none if `begin` is the end.
Entries tile_at(const AttentionPiece& p, const char* head, std::size_t entry_bytes, int begin,
                int end) {
    const int n = end - begin < tile ? end - begin : tile;
    return {head + static_cast<std::size_t>(begin) * entry_bytes, entry_bytes, p.type, n,
            p.n_embd_head};
}

void attend(const AttentionPiece& p) {
    [[maybe_unused]] const Multiplier multiplier;
    Scratch scratch;
    const int n_rows = p.n_tokens * p.n_head;
    const int n_blocks = (n_rows + block_rows - 1) / block_rows;
    const int seen = p.visible + p.n_tokens - 1;  // entries that the last token sees
    const int end = p.end < seen ? p.end : seen;
    for (int row = 0; row < n_rows; ++row) start_row(p, row, scratch);
    for (int begin = p.begin; begin < end; begin += tile) {
        const Entries keys = tile_at(p, p.k, p.k_bytes, begin, end);
        const Entries values = tile_at(p, p.v, p.v_bytes, begin, end);
        Prefetch next_keys = tile_at(p, p.k, p.k_bytes, begin + tile, end).prefetch();
        Prefetch next_values = tile_at(p, p.v, p.v_bytes, begin + tile, end).prefetch();
        scratch.key_scale = load_keys(keys, scratch.keys, next_keys);
        scratch.value_scale = load_values(values, scratch.values, next_keys);
        for (int block = 0; block < n_blocks; ++block) {
            const int row = n_rows * block / n_blocks, next = n_rows * (block + 1) / n_blocks;
            if (p.visible + (next - 1) / p.n_head <= begin) continue;   // rows see earlier tiles
            if (p.hidden + row / p.n_head >= begin + keys.n) continue;  // rows see later tiles
            add_tile_of(next - row)(p, begin, begin + keys.n, row, scratch, next_values);
        }
    }
    for (int row = 0; row < n_rows; ++row) finish_row(p, row, scratch);
}

}  // namespace
}  // namespace infinipot::kernels
