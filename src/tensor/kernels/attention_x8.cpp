// The kernel of attention for eight floats at a time: the same method as attention_avx512.cpp, for
// any type of entries.
//
// A tile of 64 entries is decoded and packed once and used by all rows, 6 at a time: scores =
// queries x keys, softmax, results = results + weights x values. Products are of what the CPU
// multiplies fastest: pairs of 16-bit integers with AVX2 (attention_tiles_avx2.h), else F32
// (attention_tiles_f32.h). Softmax is done in powers of two, with a running maximum that may lag
// behind the true one by `max_lag`.
#include "tensor/kernels/attention_layout.h"
#include "tensor/kernels/f32x8.h"

#ifdef INFINIPOT_HAS_F32X8

#ifdef __AVX2__
#include "tensor/kernels/attention_tiles_avx2.h"
#else
#include "tensor/kernels/attention_tiles_f32.h"
#endif

namespace infinipot::kernels {
namespace {

constexpr int block_rows = 6;
constexpr int max_rows = attention_max_queries / 32;
constexpr float max_lag = 16;           // weights of up to 2^16
constexpr float lowest_max = -1e29f;    // the maximum of nothing
constexpr float hidden_score = -1e30f;  // 2^(hidden_score - any maximum) == 0

/// What softmax remembers of a row's scores so far.
struct RowState {
    float max;
    float sums[lanes];  ///< Σ 2^(score - max), lane by lane
};

/// What it says of the weights of a tile.
struct Softened {
    float factor;  ///< by which everything summed before must be multiplied
    float scale;   ///< of the weights
};

/// Turns 64 scores, of which the first n_visible count but for n_hidden, into weights: 2^(score -
/// max) / scale.
Softened soften(const float* scores, int n_visible, int n_hidden, RowState& state,
                Packed* weights) {
    F32x8 s[tile_registers];
#pragma GCC unroll 8
    for (int i = 0; i < tile_registers; ++i) {
        s[i] = load(scores + i * lanes);
        if (n_visible < (i + 1) * lanes)
            s[i] = first_lanes(n_visible - i * lanes, s[i], all(hidden_score));
        if (n_hidden > i * lanes) s[i] = first_lanes(n_hidden - i * lanes, all(hidden_score), s[i]);
    }
    float factor = 1;
    F32x8 max = all(state.max);
    F32x8 sums = load(state.sums);
    const F32x8 highest = fold(s, larger);
    if (any_above(highest, max + all(max_lag))) {
        const float new_max = largest_lane(highest);
        const F32x8 factors = power_of_two(max - all(new_max));
        factor = first_lane(factors);
        sums = sums * factors;
        max = all(new_max);
        state.max = new_max;
    }
#pragma GCC unroll 8
    for (F32x8& x : s) x = power_of_two(x - max);
    const F32x8 tile_sums = fold(s, [](F32x8 a, F32x8 b) { return a + b; });
    store(state.sums, sums + tile_sums);
    return {factor, pack_weights(s, tile_sums, weights)};
}

/// The memory of one piece, on the stack. Results are yet to be divided by the sum of weights.
struct Scratch {
    alignas(64) float decoded[tile * attention_max_head];
    alignas(64) Packed keys[attention_max_head / packing * tile];
    alignas(64) Packed values[tile / packing * attention_max_head];
    alignas(64) Packed queries[attention_max_queries / packing];
    alignas(64) float results[attention_max_queries];  // [row][n_embd_head]
    float key_scale, value_scale, query_scales[max_rows];
    RowState states[max_rows];
};

/// Adds the tile in `scratch`, entries from `begin` to `end`, to the results of M rows from `row`.
template <int M>
void add_tile(const AttentionPiece& p, int begin, int end, int row, Scratch& scratch) {
    const int d = p.n_embd_head;
    float scales[M], factors[M];
    alignas(64) float scores[M][tile];
    alignas(64) Packed weights[M][tile / packing];
    for (int m = 0; m < M; ++m) scales[m] = scratch.query_scales[row + m] * scratch.key_scale;
    multiply<M>(scratch.queries + row * d / packing, d / packing, scratch.keys, tile, scales,
                nullptr, scores[0]);
    for (int m = 0; m < M; ++m) {
        const int token = (row + m) / p.n_head;
        const int visible = p.visible + token < end ? p.visible + token : end;
        const Softened s = soften(scores[m], visible - begin, p.hidden + token - begin,
                                  scratch.states[row + m], weights[m]);
        factors[m] = s.factor;
        scales[m] = s.scale * scratch.value_scale;
    }
    multiply<M>(weights[0], tile / packing, scratch.values, d, scales, factors,
                scratch.results + row * d);
}

using AddTile = void (*)(const AttentionPiece&, int, int, int, Scratch&);
constexpr AddTile add_tile_functions[block_rows] = {add_tile<1>, add_tile<2>, add_tile<3>,
                                                    add_tile<4>, add_tile<5>, add_tile<6>};

void start_row(const AttentionPiece& p, int row, Scratch& scratch) {
    constexpr float log2_e = 1.44269504f;
    const int d = p.n_embd_head;
    const auto token = static_cast<std::size_t>(row / p.n_head);
    const auto head = static_cast<std::size_t>(row % p.n_head);
    const auto* q =
        reinterpret_cast<const float*>(p.q + token * p.q_token_bytes + head * p.q_head_bytes);
    scratch.query_scales[row] =
        pack_query(q, d, scratch.queries + row * d / packing) * p.scale * log2_e;
    __builtin_memset(scratch.results + row * d, 0, sizeof(float) * static_cast<unsigned>(d));
    scratch.states[row] = {lowest_max, {}};
}

void finish_row(const AttentionPiece& p, int row, const Scratch& scratch) {
    const RowState& state = scratch.states[row];
    const float* result = scratch.results + row * p.n_embd_head;
    float* out = p.out + row / p.n_head * p.out_token_stride + row % p.n_head * p.out_head_stride;
    const float sum = sum_of_lanes(load(state.sums));
    const F32x8 inverse = all(ratio(1, sum));
    for (int at = 0; at < p.n_embd_head; at += lanes) store(out + at, inverse * load(result + at));
    if (p.wants_lse)
        out[p.n_embd_head] = sum > 0 ? state.max + __builtin_log2f(sum) : -__builtin_inff();
}

void attend(const AttentionPiece& p) {
    Scratch scratch;
    const int n_rows = p.n_tokens * p.n_head;
    const int n_blocks = (n_rows + block_rows - 1) / block_rows;
    const int seen = p.visible + p.n_tokens - 1;  // by the last token
    const int end = p.end < seen ? p.end : seen;
    for (int row = 0; row < n_rows; ++row) start_row(p, row, scratch);
    for (int begin = p.begin; begin < end; begin += tile) {
        const int n = end - begin < tile ? end - begin : tile;
        const auto first = static_cast<std::size_t>(begin);
        scratch.key_scale =
            load_keys({p.k + first * p.k_bytes, p.k_bytes, p.type, n, p.n_embd_head},
                      scratch.decoded, scratch.keys);
        scratch.value_scale =
            load_values({p.v + first * p.v_bytes, p.v_bytes, p.type, n, p.n_embd_head},
                        scratch.decoded, scratch.values);
        for (int block = 0; block < n_blocks; ++block) {
            const int row = n_rows * block / n_blocks, next = n_rows * (block + 1) / n_blocks;
            if (p.visible + (next - 1) / p.n_head <= begin) continue;  // they come before the tile
            if (p.hidden + row / p.n_head >= begin + n) continue;      // they see only later ones
            add_tile_functions[next - row - 1](p, begin, begin + n, row, scratch);
        }
    }
    for (int row = 0; row < n_rows; ++row) finish_row(p, row, scratch);
}

}  // namespace

AttentionKernel attention_x8() { return attend; }

}  // namespace infinipot::kernels

#else

namespace infinipot::kernels {
AttentionKernel attention_x8() { return nullptr; }
}  // namespace infinipot::kernels

#endif
