// The AVX-512 VNNI kernel of attention.
//
// A tile of 64 entries is converted once (attention_tiles_avx512.h) and used by all rows, 6 at a
// time: scores = queries x keys, softmax, results = results + weights x values.
//
// Softmax is done in powers of two (queries carry the factor scale * log2 e) and with a running
// maximum that may lag behind the true one by `max_lag`: sums are rescaled only when a score
// exceeds it by more, which is rare after the first tile, and F32 has the room.
//
// No templates of the standard library here: see infinipot_kernel_flags in cmake/targets.cmake.
#include "tensor/kernels/attention_layout.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && \
    defined(__AVX512DQ__) && defined(__AVX512VNNI__)

#include "tensor/kernels/attention_tiles_avx512.h"

namespace infinipot::kernels {
namespace {

constexpr int block_rows = 6;  // 6 x 4 accumulators and 4 registers of the tile: 28 of 32
constexpr int max_rows = attention_max_queries / 32;
constexpr float max_lag = 16;           // weights of up to 2^16
constexpr float lowest_max = -1e29f;    // the maximum of nothing
constexpr float hidden_score = -1e30f;  // 2^(hidden_score - any maximum) == 0

/// 2^x with a relative error of 3e-6, by the minimax polynomial for 2^f, 0 <= f < 1.
__m512 power_of_two(__m512 x) {
    const __m512 f = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    __m512 y = _mm512_set1_ps(0.0135341679f);
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(0.0520114606f));
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(0.241442757f));
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(0.693003834f));
    y = _mm512_fmadd_ps(y, f, _mm512_set1_ps(1.00000259f));
    return _mm512_scalef_ps(y, x);
}

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

/// Turns 64 scores, of which the first n_visible count, into 32 pairs of weights:
/// round(2^(score - max) / scale).
Softened soften(const float* scores, int n_visible, RowState& state, int32_t* weights) {
    __m512 s[tile / lanes];
    __m512 most = _mm512_set1_ps(lowest_max);
#pragma GCC unroll 4
    for (int i = 0; i < tile / lanes; ++i) {
        s[i] = _mm512_load_ps(scores + i * lanes);
        if (n_visible < (i + 1) * lanes) {
            const int n = n_visible > i * lanes ? n_visible - i * lanes : 0;
            s[i] = _mm512_mask_mov_ps(_mm512_set1_ps(hidden_score),
                                      static_cast<__mmask16>((1 << n) - 1), s[i]);
        }
        most = _mm512_max_ps(most, s[i]);
    }
    float factor = 1;
    __m512 max = _mm512_set1_ps(state.max);
    __m512 sums = _mm512_loadu_ps(state.sums);
    if (_mm512_cmp_ps_mask(most, _mm512_add_ps(max, _mm512_set1_ps(max_lag)), _CMP_GT_OQ)) {
        const __m512 new_max = _mm512_set1_ps(_mm512_reduce_max_ps(most));
        const __m512 factors = power_of_two(_mm512_sub_ps(max, new_max));
        factor = _mm512_cvtss_f32(factors);
        sums = _mm512_mul_ps(sums, factors);
        max = new_max;
        state.max = _mm512_cvtss_f32(max);
    }
#pragma GCC unroll 4
    for (__m512& x : s) x = power_of_two(_mm512_sub_ps(x, max));
    const __m512 tile_sums = _mm512_add_ps(_mm512_add_ps(s[0], s[1]), _mm512_add_ps(s[2], s[3]));
    _mm512_storeu_ps(state.sums, _mm512_add_ps(sums, tile_sums));

    // A weight of more than half the sum would not fit into 16 bits.
    const float sum = _mm512_reduce_add_ps(tile_sums);
    const __m512 largest = _mm512_max_ps(_mm512_max_ps(s[0], s[1]), _mm512_max_ps(s[2], s[3]));
    const bool one_rules = _mm512_cmp_ps_mask(largest, _mm512_set1_ps(sum / 2), _CMP_GT_OQ);
    const float new_sum = one_rules ? weight_sum / 2 : weight_sum;
    const __m512 inverse = _mm512_set1_ps(ratio(new_sum, sum));
    _mm512_store_si512(weights, quantize_pairs(s[0], s[1], inverse));
    _mm512_store_si512(weights + lanes, quantize_pairs(s[2], s[3], inverse));
    return {factor, sum / new_sum};
}

/// The memory of one piece, on the stack. Results are yet to be divided by the sum of weights.
struct Scratch {
    alignas(64) int32_t keys[attention_max_head / 2 * tile];
    alignas(64) int32_t values[tile / 2 * attention_max_head];
    alignas(64) int32_t queries[attention_max_queries / 2 + max_rows * lanes / 2];
    alignas(64) float results[attention_max_queries];  // [row][n_embd_head]
    float key_scale, value_scale, query_scales[max_rows];
    RowState states[max_rows];
};

int pairs(int n_embd_head) { return (n_embd_head + 31) / 32 * 16; }

/// Adds the tile in `scratch`, whose first entry is `begin`, to the results of M rows from `row`.
template <int M>
void add_tile(const AttentionPiece& p, int begin, int row, Scratch& scratch, Ahead& ahead) {
    const int d = p.n_embd_head, n_pairs = pairs(d);
    float scales[M], factors[M];
    alignas(64) float scores[M][tile];
    alignas(64) int32_t weights[M][tile / 2];
    for (int m = 0; m < M; ++m) scales[m] = scratch.query_scales[row + m] * scratch.key_scale;
    multiply<M>(scratch.queries + row * n_pairs, n_pairs, scratch.keys, tile, n_pairs, scales,
                nullptr, scores[0], tile, ahead);
    for (int m = 0; m < M; ++m) {
        const int n_visible = p.visible + (row + m) / p.n_head - begin;
        const Softened s = soften(scores[m], n_visible, scratch.states[row + m], weights[m]);
        factors[m] = s.factor;
        scales[m] = s.scale * scratch.value_scale;
    }
    multiply<M>(weights[0], tile / 2, scratch.values, d, tile / 2, scales, factors,
                scratch.results + row * d, d, ahead);
}

using AddTile = void (*)(const AttentionPiece&, int, int, Scratch&, Ahead&);
constexpr AddTile add_tile_functions[block_rows] = {add_tile<1>, add_tile<2>, add_tile<3>,
                                                    add_tile<4>, add_tile<5>, add_tile<6>};

void start_row(const AttentionPiece& p, int row, Scratch& scratch) {
    constexpr float log2_e = 1.44269504f;
    const int d = p.n_embd_head;
    const auto token = static_cast<std::size_t>(row / p.n_head);
    const auto head = static_cast<std::size_t>(row % p.n_head);
    const auto* q =
        reinterpret_cast<const float*>(p.q + token * p.q_token_bytes + head * p.q_head_bytes);
    __m512 squares = _mm512_setzero_ps();
    for (int at = 0; at < d; at += lanes) {
        const __m512 x = _mm512_loadu_ps(q + at);
        squares = _mm512_fmadd_ps(x, x, squares);
        _mm512_store_ps(scratch.results + row * d + at, _mm512_setzero_ps());
    }
    const float norm = __builtin_sqrtf(_mm512_reduce_add_ps(squares));
    const __m512 scale = _mm512_set1_ps(ratio(query_norm, norm));
    for (int at = 0; at < d; at += 2 * lanes)
        _mm512_store_si512(
            scratch.queries + row * pairs(d) + at / 2,
            quantize_pairs(_mm512_loadu_ps(q + at),
                           at + lanes == d ? _mm512_setzero_ps() : _mm512_loadu_ps(q + at + lanes),
                           scale));
    scratch.query_scales[row] = norm / query_norm * p.scale * log2_e;
    scratch.states[row] = {lowest_max, {}};
}

void finish_row(const AttentionPiece& p, int row, const Scratch& scratch) {
    const RowState& state = scratch.states[row];
    const float* result = scratch.results + row * p.n_embd_head;
    float* out = p.out + row / p.n_head * p.out_token_stride + row % p.n_head * p.out_head_stride;
    const float sum = _mm512_reduce_add_ps(_mm512_loadu_ps(state.sums));
    const __m512 inverse = _mm512_set1_ps(ratio(1, sum));
    for (int at = 0; at < p.n_embd_head; at += lanes)
        _mm512_storeu_ps(out + at, _mm512_mul_ps(inverse, _mm512_load_ps(result + at)));
    if (p.wants_lse)
        out[p.n_embd_head] = sum > 0 ? state.max + __builtin_log2f(sum) : -__builtin_inff();
}

/// The entries of the tile at `begin`; none if that is the end.
Entries tile_at(const AttentionPiece& p, const char* head, std::size_t entry_bytes, int begin,
                int end) {
    const int n = end - begin < tile ? end - begin : tile;
    return {head + static_cast<std::size_t>(begin) * entry_bytes, entry_bytes, n, p.n_embd_head};
}

void attend(const AttentionPiece& p) {
    Scratch scratch;
    const int n_rows = p.n_tokens * p.n_head;
    const int n_blocks = (n_rows + block_rows - 1) / block_rows;
    const int seen = p.visible + p.n_tokens - 1;  // by the last token
    const int end = p.end < seen ? p.end : seen;
    for (int row = 0; row < n_rows; ++row) start_row(p, row, scratch);
    for (int begin = p.begin; begin < end; begin += tile) {
        Ahead next_keys = tile_at(p, p.k, p.k_bytes, begin + tile, end).ahead();
        Ahead next_values = tile_at(p, p.v, p.v_bytes, begin + tile, end).ahead();
        scratch.key_scale =
            load_keys(tile_at(p, p.k, p.k_bytes, begin, end), scratch.keys, next_keys);
        scratch.value_scale =
            load_values(tile_at(p, p.v, p.v_bytes, begin, end), scratch.values, next_keys);
        for (int block = 0; block < n_blocks; ++block) {
            const int row = n_rows * block / n_blocks, next = n_rows * (block + 1) / n_blocks;
            if (p.visible + (next - 1) / p.n_head <= begin) continue;  // they come before the tile
            add_tile_functions[next - row - 1](p, begin, row, scratch, next_values);
        }
    }
    for (int row = 0; row < n_rows; ++row) finish_row(p, row, scratch);
}

}  // namespace

AttentionKernel attention_avx512() { return attend; }

}  // namespace infinipot::kernels

#else

namespace infinipot::kernels {
AttentionKernel attention_avx512() { return nullptr; }
}  // namespace infinipot::kernels

#endif
