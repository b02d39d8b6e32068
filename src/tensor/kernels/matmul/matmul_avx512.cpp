// The AVX-512 VNNI kernels of matmul. The data layouts are in layout.h, what a type has of its own
// in weights_avx512.h.
//
// A *tile* is 32 rows x up to 7 tokens. 14 int32 and 14 float accumulators, two registers of
// weights and one repeated quad of activations use 31 of 32 registers. Per block and register of 16
// results the two multiply ports do 8 vpdpbusd and 3 other instructions (int to float, product of
// scales, multiply-add). The limit is therefore 8/11 of the peak of 128 multiply-adds a cycle.
// A minimum, or a second scale, takes one instruction more.
//
// Weights are read in slices of `slice_blocks`, which stay in the L1 cache for all tokens of the
// call. Partial sums wait on the stack; X comes from L2, and the next slice of W from memory. For
// several tokens, weights other than Q8_0 are first unpacked into bytes, a slice at a time. For one
// token they are unpacked in registers.
//
// This file uses no templates of the standard library: see infinipot_kernel_flags in
// cmake/targets.cmake.
#include "tensor/kernels/matmul/layout.h"
#include "tensor/kernels/simd/avx512.h"

#ifdef INFINIPOT_HAS_AVX512

#include "tensor/kernels/matmul/weights_avx512.h"

namespace infinipot::kernels {
namespace {

using Block = BlockX<int8_t>;

constexpr int64_t slice_blocks = 16;
constexpr int64_t prefetch_bytes = 2048;  // a few blocks ahead: +10 % if W comes from memory
constexpr int n_chunks = 8;               // of a block
constexpr int64_t byte_group = int64_t{row_group} * quant_block;  // quants of a block as bytes

/// Quants as bytes and scales as floats: a slice of weights of another type.
template <int scales_, int minima_>
struct Unpacked {
    static constexpr int64_t group_bytes = byte_group;
    static constexpr int64_t scale_blocks = 1;
    static constexpr int64_t scale_bytes = int64_t{scales_ + minima_} * row_group * 4;
    static constexpr int n_scales = scales_;
    static constexpr int n_minima = minima_;
    static constexpr bool from_memory = false;

    static __m512i load(const uint8_t* block, int c) { return load_512(block + c * 64); }
    static __m512 scale(const uint8_t* scales, int64_t, int s) {
        return _mm512_loadu_ps(scales + s * 64);
    }
    static __m512 minimum(const uint8_t* scales, int64_t, int m) {
        return _mm512_loadu_ps(scales + (scales_ + m) * 64);
    }
};

/// Quantises one block of X as ggml's quantize_row_q8_0 does on x86: 127 / amax, halves to even,
/// the scale rounded to F16.
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
    const int sums[2] = {_mm512_reduce_add_epi32(qlo), _mm512_reduce_add_epi32(qhi)};
    for (int half = 0; half < 2; ++half) {
        out.half_sums[half] = static_cast<float>(sums[half]) * out.scale;
        out.half_starts[half] = -128 * sums[half];
    }
    out.sum = static_cast<float>(sums[0] + sums[1]) * out.scale;
    out.start = -128 * (sums[0] + sums[1]);
    out.unused = 0;
}

void quantize(const float* x, int64_t n_blocks, void* out) {
    auto* blocks = static_cast<Block*>(out);
    for (int64_t i = 0; i < n_blocks; ++i) quantize_block(x + i * quant_block, blocks[i]);
}

/// Bytes of the scales of 8 or 16 blocks.
template <typename W>
constexpr int64_t scales_ahead = W::scale_bytes*(W::scale_blocks == 1 ? 16 : 1);

/// Prefetches the lines that begin in chunk c, a few blocks ahead.
template <typename W>
void prefetch(const uint8_t* block, int c) {
    constexpr int64_t chunk_bytes = W::group_bytes / n_chunks;
    if constexpr (W::from_memory)
        if (c * chunk_bytes % 64 < chunk_bytes)
            _mm_prefetch(reinterpret_cast<const char*>(block + c * chunk_bytes + prefetch_bytes),
                         _MM_HINT_T0);
}

/// Prefetches the scales that follow those of `block` by a few blocks.
template <typename W, int G>
void prefetch_scales(const uint8_t* scales, int64_t scales_stride, int64_t in_unit) {
    if constexpr (W::from_memory)
        if (in_unit == 0)
            for (int g = 0; g < G; ++g)
                for (int64_t at = 0; at < W::scale_bytes; at += 64)
                    _mm_prefetch(reinterpret_cast<const char*>(scales + g * scales_stride + at +
                                                               scales_ahead<W>),
                                 _MM_HINT_T0);
}

/// Computes dot[T][16 G] += W * X for chunks `first` to first + n of a block: four inputs each.
template <typename W, int G, int T>
[[gnu::always_inline]] inline void add_chunks(const uint8_t* quants, int64_t quants_stride,
                                              const Block* x, int64_t x_stride, int first, int n,
                                              __m512i (&dot)[T][G]) {
#pragma GCC unroll 8
    for (int c = first; c < first + n; ++c) {
        __m512i w[G];
#pragma GCC unroll 2
        for (int g = 0; g < G; ++g) {
            w[g] = W::load(quants + g * quants_stride, c);
            prefetch<W>(quants + g * quants_stride, c);
        }
#pragma GCC unroll 7
        for (int t = 0; t < T; ++t) {
            int32_t four;
            __builtin_memcpy(&four, x[t * x_stride].quants + c * 4, sizeof four);
            const __m512i repeated = _mm512_set1_epi32(four);
#pragma GCC unroll 2
            for (int g = 0; g < G; ++g) dot[t][g] = _mm512_dpbusd_epi32(dot[t][g], w[g], repeated);
        }
    }
}

template <int G, int T>
[[gnu::always_inline]] inline void load_sums(const float* from, __m512 (&sum)[T][G]) {
#pragma GCC unroll 7
    for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
        for (int g = 0; g < G; ++g)
            sum[t][g] = _mm512_loadu_ps(from + t * row_panel + g * row_group);
}

template <int G, int T>
[[gnu::always_inline]] inline void store_sums(const __m512 (&sum)[T][G], float* to) {
#pragma GCC unroll 7
    for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
        for (int g = 0; g < G; ++g) _mm512_storeu_ps(to + t * row_panel + g * row_group, sum[t][g]);
}

/// Adds what the minima of a block contribute: their products with the sums of X.
template <typename W, int G, int T>
[[gnu::always_inline]] inline void add_minima(const uint8_t* scales, int64_t scales_stride,
                                              int64_t in_unit, const Block* x, int64_t x_stride,
                                              __m512 (&sum)[T][G]) {
    if constexpr (W::n_minima > 0) {
#pragma GCC unroll 2
        for (int m = 0; m < W::n_minima; ++m) {
            __m512 minimum[G];
#pragma GCC unroll 2
            for (int g = 0; g < G; ++g)
                minimum[g] = W::minimum(scales + g * scales_stride, in_unit, m);
#pragma GCC unroll 7
            for (int t = 0; t < T; ++t) {
                const Block& of_token = x[t * x_stride];
                const __m512 of_x =
                    _mm512_set1_ps(W::n_minima == 1 ? of_token.sum : of_token.half_sums[m]);
#pragma GCC unroll 2
                for (int g = 0; g < G; ++g)
                    sum[t][g] = _mm512_fmadd_ps(minimum[g], of_x, sum[t][g]);
            }
        }
    }
}

/// A tile whose weights have one scale a block: sums[T][32] += W[G groups, n_blocks] * X[T].
template <typename W, int G, int T>
void multiply_tile(const GroupWeights& w, const Block* x, int64_t x_stride, int64_t n_blocks,
                   float* sums) {
    __m512 sum[T][G];
    load_sums<G, T>(sums, sum);
    const uint8_t* quants = w.quants;
    for (int64_t block = 0; block < n_blocks; ++block, ++x, quants += W::group_bytes) {
        __m512i dot[T][G];
#pragma GCC unroll 7
        for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
            for (int g = 0; g < G; ++g)
                dot[t][g] = _mm512_set1_epi32(W::n_minima > 0 ? 0 : x[t * x_stride].start);
        add_chunks<W, G, T>(quants, w.quants_stride, x, x_stride, 0, n_chunks, dot);

        const uint8_t* scales = w.scales + block / W::scale_blocks * W::scale_bytes;
        const int64_t in_unit = block % W::scale_blocks;
        prefetch_scales<W, G>(scales, w.scales_stride, in_unit);
        __m512 scale[G];
#pragma GCC unroll 2
        for (int g = 0; g < G; ++g) scale[g] = W::scale(scales + g * w.scales_stride, in_unit, 0);
#pragma GCC unroll 7
        for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
            for (int g = 0; g < G; ++g) {
                const __m512 both = _mm512_mul_ps(scale[g], _mm512_set1_ps(x[t * x_stride].scale));
                sum[t][g] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dot[t][g]), both, sum[t][g]);
            }
        add_minima<W, G, T>(scales, w.scales_stride, in_unit, x, x_stride, sum);
    }
    store_sums<G, T>(sum, sums);
}

/// The same for weights with a scale for each half of a block. `product` takes registers too, so a
/// tile has fewer tokens.
template <typename W, int G, int T>
void multiply_tile_of_halves(const GroupWeights& w, const Block* x, int64_t x_stride,
                             int64_t n_blocks, float* sums) {
    __m512 sum[T][G];
    load_sums<G, T>(sums, sum);
    const uint8_t* quants = w.quants;
    for (int64_t block = 0; block < n_blocks; ++block, ++x, quants += W::group_bytes) {
        const uint8_t* scales = w.scales + block / W::scale_blocks * W::scale_bytes;
        const int64_t in_unit = block % W::scale_blocks;
        prefetch_scales<W, G>(scales, w.scales_stride, in_unit);
        __m512 product[T][G];
#pragma GCC unroll 2
        for (int half = 0; half < 2; ++half) {
            __m512i dot[T][G];
#pragma GCC unroll 4
            for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
                for (int g = 0; g < G; ++g)
                    dot[t][g] =
                        _mm512_set1_epi32(W::n_minima > 0 ? 0 : x[t * x_stride].half_starts[half]);
            add_chunks<W, G, T>(quants, w.quants_stride, x, x_stride, half * n_chunks / 2,
                                n_chunks / 2, dot);
#pragma GCC unroll 2
            for (int g = 0; g < G; ++g) {
                const __m512 scale = W::scale(scales + g * w.scales_stride, in_unit, half);
#pragma GCC unroll 4
                for (int t = 0; t < T; ++t) {
                    const __m512 whole = _mm512_cvtepi32_ps(dot[t][g]);
                    product[t][g] = half == 0 ? _mm512_mul_ps(whole, scale)
                                              : _mm512_fmadd_ps(whole, scale, product[t][g]);
                }
            }
        }
#pragma GCC unroll 4
        for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
            for (int g = 0; g < G; ++g)
                sum[t][g] = _mm512_fmadd_ps(product[t][g], _mm512_set1_ps(x[t * x_stride].scale),
                                            sum[t][g]);
        add_minima<W, G, T>(scales, w.scales_stride, in_unit, x, x_stride, sum);
    }
    store_sums<G, T>(sum, sums);
}

using Tile = void (*)(const GroupWeights&, const Block*, int64_t, int64_t, float*);

template <typename W, int G, int T>
constexpr Tile tile() {
    if constexpr (W::n_scales == 1) {
        return multiply_tile<W, G, T>;
    } else {
        return multiply_tile_of_halves<W, G, T>;
    }
}

/// Tokens of the largest tile.
template <typename W>
constexpr int tile_tokens = W::n_scales == 1 ? 7 : 4;

template <typename W, int G>
Tile tile_of(int n_tokens) {
    switch (n_tokens) {
        case 1:
            return tile<W, G, 1>();
        case 2:
            return tile<W, G, 2>();
        case 3:
            return tile<W, G, 3>();
    }
    if constexpr (W::n_scales == 1) {
        if (n_tokens == 5) return tile<W, G, 5>();
        if (n_tokens == 6) return tile<W, G, 6>();
        if (n_tokens == 7) return tile<W, G, 7>();
    }
    return tile<W, G, 4>();
}

using Sums = float[row_panel];

/// Multiplies all tokens of a panel with a slice of its weights.
template <typename W>
void multiply_slice(const Panel& p, const GroupWeights& w, int64_t block, int64_t n_blocks,
                    Sums* sums) {
    const auto* x = static_cast<const Block*>(p.x) + block;
    for_every_tile<tile_tokens<W>>(p.n_tokens, [&](int begin, int n_tokens) {
        const Tile multiply = p.n_groups == 2 ? tile_of<W, 2>(n_tokens) : tile_of<W, 1>(n_tokens);
        multiply(w, x + begin * p.n_blocks, p.n_blocks, n_blocks, sums[begin]);
    });
}

/// A slice of two groups, unpacked.
template <typename W>
struct Slice {
    using As = Unpacked<W::n_scales, W::n_minima>;
    alignas(64) uint8_t quants[2][slice_blocks * byte_group];
    alignas(64) uint8_t scales[2][slice_blocks * As::scale_bytes];

    GroupWeights unpack(const GroupWeights& w, int n_groups, int64_t n_blocks) {
        for (int g = 0; g < n_groups; ++g) {
            const uint8_t* from = w.quants + g * w.quants_stride;
            for (int64_t block = 0; block < n_blocks; ++block, from += W::group_bytes) {
                uint8_t* const to = quants[g] + block * byte_group;
#pragma GCC unroll 8
                for (int c = 0; c < n_chunks; ++c) {
                    prefetch<W>(from, c);
                    _mm512_storeu_si512(to + c * 64, W::load(from, c));
                }
                unpack_scales(w.scales + g * w.scales_stride, block, scales[g]);
            }
        }
        return {quants[0], sizeof quants[0], scales[0], sizeof scales[0]};
    }

    static void unpack_scales(const uint8_t* from, int64_t block, uint8_t* to) {
        from += block / W::scale_blocks * W::scale_bytes;
        to += block * As::scale_bytes;
        const int64_t in_unit = block % W::scale_blocks;
        prefetch_scales<W, 1>(from, 0, in_unit);
        for (int s = 0; s < W::n_scales; ++s, to += 64)
            _mm512_storeu_ps(to, W::scale(from, in_unit, s));
        if constexpr (W::n_minima > 0)
            for (int m = 0; m < W::n_minima; ++m, to += 64)
                _mm512_storeu_ps(to, W::minimum(from, in_unit, m));
    }
};

/// Adds the products of a panel whose weights are bytes.
template <typename W>
void multiply_bytes(const Panel& p, Sums* sums) {
    // A single tile reads W once and needs no slices.
    const int64_t slice = p.n_tokens <= tile_tokens<W> ? p.n_blocks : slice_blocks;
    for_every_slice(p.n_blocks, slice, [&](int64_t block, int64_t n_blocks) {
        multiply_slice<W>(p, weights_from<W>(p, block), block, n_blocks, sums);
    });
}

template <typename W>
void multiply_unpacked(const Panel& p, Sums* sums) {
    Slice<W> slice;
    for_every_slice(p.n_blocks, slice_blocks, [&](int64_t block, int64_t n_blocks) {
        const GroupWeights w = slice.unpack(weights_from<W>(p, block), p.n_groups, n_blocks);
        multiply_slice<typename Slice<W>::As>(p, w, block, n_blocks, sums);
    });
}

/// A single tile reads W once. Its groups are read one after the other, which is the order in
/// memory, and weights are unpacked in registers.
template <typename W>
void multiply_few(const Panel& p, Sums* sums) {
    const auto* x = static_cast<const Block*>(p.x);
    const GroupWeights w = weights_from<W>(p, 0);
    const Tile multiply_tile_of_size = tile_of<W, 1>(p.n_tokens);
    for (int g = 0; g < p.n_groups; ++g)
        multiply_tile_of_size(
            {w.quants + g * w.quants_stride, 0, w.scales + g * w.scales_stride, 0}, x, p.n_blocks,
            p.n_blocks, sums[0] + g * row_group);
}

template <typename W>
void multiply(const Panel& p) {
    alignas(64) float sums[most_columns][row_panel];
    __builtin_memset(sums, 0, sizeof sums[0] * static_cast<unsigned>(p.n_tokens));
    if (p.n_tokens <= (W::group_bytes == byte_group ? 1 : tile_tokens<W>)) {
        multiply_few<W>(p, sums);
    } else if constexpr (W::group_bytes == byte_group) {
        multiply_bytes<W>(p, sums);
    } else {
        multiply_unpacked<W>(p, sums);
    }
    for (int t = 0; t < p.n_tokens; ++t)
        for (int g = 0; g < p.n_groups; ++g)
            _mm512_storeu_ps(p.y + t * p.y_stride + g * row_group,
                             _mm512_load_ps(sums[t] + g * row_group));
}

template <typename W>
constexpr MatmulKernel kernel = {4, W::sizes, sizeof(Block), quantize, multiply<W>};

}  // namespace

const MatmulKernel* matmul_avx512(ggml_type type) {
    switch (type) {
        case GGML_TYPE_Q8_0:
            return &kernel<Q8_0>;
        case GGML_TYPE_Q4_0:
            return &kernel<Q4_0>;
        case GGML_TYPE_Q4_1:
            return &kernel<Q4_1>;
        case GGML_TYPE_Q5_0:
            return &kernel<Q5_0>;
        case GGML_TYPE_Q5_1:
            return &kernel<Q5_1>;
        case GGML_TYPE_Q2_K:
            return &kernel<Q2_K>;
        case GGML_TYPE_Q3_K:
            return &kernel<Q3_K>;
        case GGML_TYPE_Q4_K:
            return &kernel<Q4_K>;
        case GGML_TYPE_Q5_K:
            return &kernel<Q5_K>;
        case GGML_TYPE_Q6_K:
            return &kernel<Q6_K>;
        case GGML_TYPE_IQ4_NL:
            return &kernel<IQ4_NL>;
        case GGML_TYPE_IQ4_XS:
            return &kernel<IQ4_XS>;
        case GGML_TYPE_MXFP4:
            return &kernel<MXFP4>;
        default:
            return nullptr;
    }
}

}  // namespace infinipot::kernels

#else

namespace infinipot::kernels {
const MatmulKernel* matmul_avx512(ggml_type) { return nullptr; }
}  // namespace infinipot::kernels

#endif
