// The AVX-512 VNNI kernels of matmul. The data layouts are in layout.h. Q4_0 differs from Q8_0 in
// the load of a register of weights, and in the number that was added to the weights.
//
// A *tile* is 32 rows x up to 7 tokens. 14 int32 and 14 float accumulators, two registers of
// weights and one repeated quad of activations use 31 of 32 registers. Per block and register of 16
// results the two multiply ports do 8 vpdpbusd and 3 other instructions (int to float, product of
// scales, multiply-add). The limit is therefore 8/11 of the peak of 128 multiply-adds a cycle.
//
// Weights are read in slices of `slice_bytes`, which stay in the L1 cache for all tokens of the
// call. Partial sums wait on the stack; X comes from L2, and the next slice of W from memory.
//
// This file uses no templates of the standard library: see infinipot_kernel_flags in
// cmake/targets.cmake.
#include "tensor/kernels/matmul/layout.h"
#include "tensor/kernels/simd/avx512.h"

#ifdef INFINIPOT_HAS_AVX512

namespace infinipot::kernels {
namespace {

using Block = BlockX<int8_t>;

constexpr int tile_tokens = 7;
constexpr int64_t slice_bytes = 8 << 10;  // of a group's quants
constexpr int64_t prefetch_bytes = 2048;  // a few blocks ahead: +10 % if W comes from memory

/// Q8_0: a quant is w + 128, a byte.
struct Q8 {
    static constexpr int added = 128;
    static constexpr int64_t group_bytes = int64_t{row_group} * quant_block;

    /// Loads four inputs of 16 rows.
    static __m512i load(const uint8_t* quad) { return _mm512_loadu_si512(quad); }
};

/// Q4_0: a quant is w + 8, half a byte.
struct Q4 {
    static constexpr int added = 8;
    static constexpr int64_t group_bytes = int64_t{row_group} * quant_block / 2;

    /// Loads four inputs of 16 rows. The upper halves of the bytes are the last eight rows.
    static __m512i load(const uint8_t* quad) {
        const __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(quad));
        const __m512i shifts = _mm512_set_epi64(4, 4, 4, 4, 0, 0, 0, 0);
        return _mm512_and_si512(_mm512_srlv_epi64(_mm512_broadcast_i64x4(both), shifts),
                                _mm512_set1_epi8(0x0f));
    }
};

/// Quantises one block of X as ggml's quantize_row_q8_0 does on x86: 127 / amax, halves to even,
/// the scale rounded to F16.
template <typename Weights>
void quantize_block(const float* x, Block& out) {
    const __m512 lo = _mm512_loadu_ps(x), hi = _mm512_loadu_ps(x + 16);
    const float amax = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(lo), _mm512_abs_ps(hi)));
    const __m512 inverse = _mm512_set1_ps(amax != 0.0f ? 127.0f / amax : 0.0f);
    const __m512i qlo = _mm512_cvtps_epi32(_mm512_mul_ps(lo, inverse));
    const __m512i qhi = _mm512_cvtps_epi32(_mm512_mul_ps(hi, inverse));
    auto* quants = reinterpret_cast<__m128i*>(out.quants);
    _mm_storeu_si128(quants, _mm512_cvtsepi32_epi8(qlo));
    _mm_storeu_si128(quants + 1, _mm512_cvtsepi32_epi8(qhi));
    const __m128i scale = _mm_cvtps_ph(_mm_set_ss(amax / 127.0f), _MM_FROUND_TO_NEAREST_INT);
    out.scale = _mm_cvtss_f32(_mm_cvtph_ps(scale));
    out.start = -Weights::added * _mm512_reduce_add_epi32(_mm512_add_epi32(qlo, qhi));
}

template <typename Weights>
void quantize(const float* x, int64_t n_blocks, void* out) {
    auto* blocks = static_cast<Block*>(out);
    for (int64_t i = 0; i < n_blocks; ++i) quantize_block<Weights>(x + i * quant_block, blocks[i]);
}

/// Computes sums[T][32] += W[G groups, n_blocks] * X[n_blocks, T].
template <typename Weights, int G, int T>
void multiply_tile(const Panel& panel, const uint8_t* quants, const uint16_t* scales,
                   const Block* x, int64_t n_blocks, float* sums) {
    __m512 sum[T][G];
#pragma GCC unroll 7
    for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
        for (int g = 0; g < G; ++g)
            sum[t][g] = _mm512_loadu_ps(sums + t * row_panel + g * row_group);

    constexpr int64_t quad_bytes = Weights::group_bytes / (quant_block / 4);
    const int64_t stride = panel.n_blocks;  // between the tokens of X and between the groups of W
    for (int64_t block = 0; block < n_blocks;
         ++block, ++x, quants += Weights::group_bytes, scales += row_group) {
        __m512i dot[T][G];
#pragma GCC unroll 7
        for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
            for (int g = 0; g < G; ++g) dot[t][g] = _mm512_set1_epi32(x[t * stride].start);

#pragma GCC unroll 8
        for (int quad = 0; quad < quant_block / 4; ++quad) {
            __m512i w[G];
#pragma GCC unroll 2
            for (int g = 0; g < G; ++g) {
                const uint8_t* at = quants + g * stride * Weights::group_bytes + quad * quad_bytes;
                w[g] = Weights::load(at);
                _mm_prefetch(reinterpret_cast<const char*>(at + prefetch_bytes), _MM_HINT_T0);
            }
#pragma GCC unroll 7
            for (int t = 0; t < T; ++t) {
                int32_t four;
                __builtin_memcpy(&four, x[t * stride].quants + quad * 4, sizeof four);
                const __m512i repeated = _mm512_set1_epi32(four);
#pragma GCC unroll 2
                for (int g = 0; g < G; ++g)
                    dot[t][g] = _mm512_dpbusd_epi32(dot[t][g], w[g], repeated);
            }
        }

        __m512 w_scale[G];
#pragma GCC unroll 2
        for (int g = 0; g < G; ++g)
            w_scale[g] = _mm512_cvtph_ps(_mm256_loadu_si256(
                reinterpret_cast<const __m256i*>(scales + g * stride * row_group)));
#pragma GCC unroll 7
        for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
            for (int g = 0; g < G; ++g) {
                const __m512 scale = _mm512_mul_ps(w_scale[g], _mm512_set1_ps(x[t * stride].scale));
                sum[t][g] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot[t][g]), scale, sum[t][g]);
            }
    }

#pragma GCC unroll 7
    for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
        for (int g = 0; g < G; ++g)
            _mm512_storeu_ps(sums + t * row_panel + g * row_group, sum[t][g]);
}

using Tile = void (*)(const Panel&, const uint8_t*, const uint16_t*, const Block*, int64_t, float*);
template <typename W, int G>
constexpr Tile tiles[tile_tokens] = {
    multiply_tile<W, G, 1>, multiply_tile<W, G, 2>, multiply_tile<W, G, 3>, multiply_tile<W, G, 4>,
    multiply_tile<W, G, 5>, multiply_tile<W, G, 6>, multiply_tile<W, G, 7>};

template <typename Weights>
void multiply(const Panel& p) {
    alignas(64) float sums[most_columns][row_panel];
    __builtin_memset(sums, 0, sizeof sums[0] * static_cast<unsigned>(p.n_tokens));
    const auto* x = static_cast<const Block*>(p.x);
    const auto multiply_tokens = [&](int begin, int n_tokens, int64_t block, int64_t n_blocks) {
        const Tile multiply_tile_of_size =
            (p.n_groups == 2 ? tiles<Weights, 2> : tiles<Weights, 1>)[n_tokens - 1];
        multiply_tile_of_size(p, p.quants + block * Weights::group_bytes,
                              p.scales + block * row_group, x + begin * p.n_blocks + block,
                              n_blocks, sums[begin]);
    };
    for_every_tile<tile_tokens>(p, slice_bytes / Weights::group_bytes, multiply_tokens);
    for (int t = 0; t < p.n_tokens; ++t)
        for (int g = 0; g < p.n_groups; ++g)
            _mm512_storeu_ps(p.y + t * p.y_stride + g * row_group,
                             _mm512_load_ps(sums[t] + g * row_group));
}

template <typename Weights>
constexpr MatmulKernel kernel_of = {4, Weights::group_bytes, sizeof(Block), quantize<Weights>,
                                    multiply<Weights>};

}  // namespace

const MatmulKernel* matmul_q8_avx512() { return &kernel_of<Q8>; }
const MatmulKernel* matmul_q4_avx512() { return &kernel_of<Q4>; }

}  // namespace infinipot::kernels

#else

namespace infinipot::kernels {
const MatmulKernel* matmul_q8_avx512() { return nullptr; }
const MatmulKernel* matmul_q4_avx512() { return nullptr; }
}  // namespace infinipot::kernels

#endif
