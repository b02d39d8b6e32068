// The AVX2 kernel of attention: the same method as attention_avx512.cpp, for any type of entries.
//
// A tile of 64 entries is decoded and converted once (attention_tiles_avx2.h) and used by all rows,
// 6 at a time: scores = queries x keys, softmax, results = results + weights x values. Softmax is
// done in powers of two, with a running maximum that may lag behind the true one by `max_lag`.
//
// No templates of the standard library here: see infinipot_kernel_flags in cmake/targets.cmake.
#include "tensor/kernels/attention_layout.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include "tensor/kernels/attention_tiles_avx2.h"

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

constexpr int tile_registers = tile / lanes;

/// op over the registers of a tile.
template <typename Op>
__m256 fold(const __m256 (&s)[tile_registers], Op op) {
    static_assert(tile_registers == 8);
    return op(op(op(s[0], s[1]), op(s[2], s[3])), op(op(s[4], s[5]), op(s[6], s[7])));
}

/// Turns 64 scores, of which the first n_visible count, into 32 pairs of weights:
/// round(2^(score - max) / scale).
Softened soften(const float* scores, int n_visible, RowState& state, int32_t* weights) {
    const auto most = [](__m256 a, __m256 b) { return _mm256_max_ps(a, b); };
    const auto sum = [](__m256 a, __m256 b) { return _mm256_add_ps(a, b); };
    __m256 s[tile_registers];
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
#pragma GCC unroll 8
    for (int i = 0; i < tile_registers; ++i) {
        s[i] = _mm256_load_ps(scores + i * lanes);
        if (n_visible < (i + 1) * lanes) {
            const __m256i is_visible =
                _mm256_cmpgt_epi32(_mm256_set1_epi32(n_visible - i * lanes), index);
            s[i] = _mm256_blendv_ps(_mm256_set1_ps(hidden_score), s[i],
                                    _mm256_castsi256_ps(is_visible));
        }
    }
    float factor = 1;
    __m256 max = _mm256_set1_ps(state.max);
    __m256 sums = _mm256_loadu_ps(state.sums);
    const __m256 highest = fold(s, most);
    const __m256 limit = _mm256_add_ps(max, _mm256_set1_ps(max_lag));
    if (_mm256_movemask_ps(_mm256_cmp_ps(highest, limit, _CMP_GT_OQ))) {
        const float new_max = largest_lane(highest);
        const __m256 factors = power_of_two(_mm256_sub_ps(max, _mm256_set1_ps(new_max)));
        factor = _mm256_cvtss_f32(factors);
        sums = _mm256_mul_ps(sums, factors);
        max = _mm256_set1_ps(new_max);
        state.max = new_max;
    }
#pragma GCC unroll 8
    for (__m256& x : s) x = power_of_two(_mm256_sub_ps(x, max));
    const __m256 tile_sums = fold(s, sum);
    _mm256_storeu_ps(state.sums, _mm256_add_ps(sums, tile_sums));

    // A weight of more than half the sum would not fit into 16 bits.
    const float total = sum_of_lanes(tile_sums);
    const float new_sum = largest_lane(fold(s, most)) > total / 2 ? weight_sum / 2 : weight_sum;
    const __m256 inverse = _mm256_set1_ps(ratio(new_sum, total));
#pragma GCC unroll 4
    for (int i = 0; i < tile_registers; i += 2)
        store(weights + i / 2 * lanes, quantize_pairs(s[i], s[i + 1], inverse));
    return {factor, total / new_sum};
}

/// The memory of one piece, on the stack. Results are yet to be divided by the sum of weights.
struct Scratch {
    alignas(64) float decoded[tile * attention_max_head];
    alignas(64) int32_t keys[attention_max_head / 2 * tile];
    alignas(64) int32_t values[tile / 2 * attention_max_head];
    alignas(64) int32_t queries[attention_max_queries / 2];
    alignas(64) float results[attention_max_queries];  // [row][n_embd_head]
    float key_scale, value_scale, query_scales[max_rows];
    RowState states[max_rows];
};

/// Adds the tile in `scratch`, whose first entry is `begin`, to the results of M rows from `row`.
template <int M>
void add_tile(const AttentionPiece& p, int begin, int row, Scratch& scratch) {
    const int d = p.n_embd_head;
    float scales[M], factors[M];
    alignas(64) float scores[M][tile];
    alignas(64) int32_t weights[M][tile / 2];
    for (int m = 0; m < M; ++m) scales[m] = scratch.query_scales[row + m] * scratch.key_scale;
    multiply<M>(scratch.queries + row * d / 2, d / 2, scratch.keys, tile, scales, nullptr,
                scores[0]);
    for (int m = 0; m < M; ++m) {
        const int n_visible = p.visible + (row + m) / p.n_head - begin;
        const Softened s = soften(scores[m], n_visible, scratch.states[row + m], weights[m]);
        factors[m] = s.factor;
        scales[m] = s.scale * scratch.value_scale;
    }
    multiply<M>(weights[0], tile / 2, scratch.values, d, scales, factors,
                scratch.results + row * d);
}

using AddTile = void (*)(const AttentionPiece&, int, int, Scratch&);
constexpr AddTile add_tile_functions[block_rows] = {add_tile<1>, add_tile<2>, add_tile<3>,
                                                    add_tile<4>, add_tile<5>, add_tile<6>};

void start_row(const AttentionPiece& p, int row, Scratch& scratch) {
    constexpr float log2_e = 1.44269504f;
    const int d = p.n_embd_head;
    const auto token = static_cast<std::size_t>(row / p.n_head);
    const auto head = static_cast<std::size_t>(row % p.n_head);
    const auto* q =
        reinterpret_cast<const float*>(p.q + token * p.q_token_bytes + head * p.q_head_bytes);
    __m256 squares = _mm256_setzero_ps();
    for (int at = 0; at < d; at += lanes) {
        const __m256 x = _mm256_loadu_ps(q + at);
        squares = _mm256_fmadd_ps(x, x, squares);
        _mm256_store_ps(scratch.results + row * d + at, _mm256_setzero_ps());
    }
    const float norm = __builtin_sqrtf(sum_of_lanes(squares));
    const __m256 scale = _mm256_set1_ps(ratio(query_norm, norm));
    for (int at = 0; at < d; at += 2 * lanes)
        store(scratch.queries + (row * d + at) / 2,
              quantize_pairs(_mm256_loadu_ps(q + at), _mm256_loadu_ps(q + at + lanes), scale));
    scratch.query_scales[row] = norm / query_norm * p.scale * log2_e;
    scratch.states[row] = {lowest_max, {}};
}

void finish_row(const AttentionPiece& p, int row, const Scratch& scratch) {
    const RowState& state = scratch.states[row];
    const float* result = scratch.results + row * p.n_embd_head;
    float* out = p.out + row / p.n_head * p.out_token_stride + row % p.n_head * p.out_head_stride;
    const float sum = sum_of_lanes(_mm256_loadu_ps(state.sums));
    const __m256 inverse = _mm256_set1_ps(ratio(1, sum));
    for (int at = 0; at < p.n_embd_head; at += lanes)
        _mm256_storeu_ps(out + at, _mm256_mul_ps(inverse, _mm256_load_ps(result + at)));
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
            add_tile_functions[next - row - 1](p, begin, row, scratch);
        }
    }
    for (int row = 0; row < n_rows; ++row) finish_row(p, row, scratch);
}

}  // namespace

AttentionKernel attention_avx2() { return attend; }

}  // namespace infinipot::kernels

#else

namespace infinipot::kernels {
AttentionKernel attention_avx2() { return nullptr; }
}  // namespace infinipot::kernels

#endif
