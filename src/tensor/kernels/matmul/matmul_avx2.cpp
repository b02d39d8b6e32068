// The AVX2 kernels of matmul. The data layouts are in layout.h, what a type has of its own in
// weights_avx2.h.
//
// Words: bytes are widened to 16 bits. vpmaddwd multiplies pairs and adds both products to an int32
// without overflow, where vpmaddubsw would saturate. With vpaddd that is 16 multiply-adds in two
// instructions, twice as many as with F32, and integer sums are exact. Q8_0 is read as it is. Other
// types are first unpacked into bytes, a slice at a time; for one token they are unpacked on the
// way.
//
// Nibbles, of Q4_0, Q4_1 and Q4_K: vpmaddubsw multiplies pairs of bytes into 16 bits. They hold the
// sum of a whole block: 16 products of at most 15 * 127, and the start value. With vpaddw that is
// 32 multiply-adds in two instructions. Sums are exact as well.
//
// A *tile* is 16 rows x up to 6 tokens. 12 integer accumulators, two registers of weights, one
// repeated step of activations and one product use all 16 registers. Float sums wait in the L1
// cache between blocks. Weights are read in slices, as in the AVX-512 kernel.
//
// This file uses no templates of the standard library: see infinipot_kernel_flags in
// cmake/targets.cmake.
#include "tensor/kernels/matmul/layout.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include <immintrin.h>

#include "tensor/kernels/matmul/weights_avx2.h"
#include "tensor/kernels/simd/f32s.h"

namespace infinipot::kernels {
namespace {

constexpr int tile_tokens = 6;
constexpr int64_t slice_blocks = 16;
constexpr int64_t prefetch_bytes = 2048;  // a few blocks ahead, if W comes from memory
constexpr int64_t byte_group = int64_t{row_group} * quant_block;  // quants of a block as bytes
constexpr int n_steps = quant_block / 2;  // of a block, if two inputs of a row are adjacent

int32_t sum_of_lanes(__m128i sum) {
    sum = _mm_add_epi32(sum, _mm_unpackhi_epi64(sum, sum));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 1)));
}
int32_t sum_of_lanes(__m256i x) {
    return sum_of_lanes(_mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1)));
}

/// Computes sum += a * b, by pairs. It is assembly because GCC otherwise computes all products of a
/// step before it adds the first. There are too few registers for that: half the speed.
void add_products_of_words(__m256i& sum, __m256i a, __m256i b) {
    asm("vpaddd %1, %0, %0" : "+x"(sum) : "x"(_mm256_madd_epi16(a, b)));
}
void add_products_of_bytes(__m256i& sum, __m256i a, __m256i b) {
    asm("vpaddw %1, %0, %0" : "+x"(sum) : "x"(_mm256_maddubs_epi16(a, b)));
}

/// Returns the 32 bits at `x` in every lane.
template <typename Quant>
__m256i repeated(const Quant* x) {
    int32_t lane;
    __builtin_memcpy(&lane, x, sizeof lane);
    return _mm256_set1_epi32(lane);
}

void prefetch(const uint8_t* at) {
    _mm_prefetch(reinterpret_cast<const char*>(at + prefetch_bytes), _MM_HINT_T0);
}

/// Returns 16 numbers of 16 bits, in order, from 2 x 8 of 32 bits. Packing works within halves.
__m256i words(__m256i low, __m256i high) {
    return _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0b11'01'10'00);
}

/// Quants as bytes and scales as floats: a slice of weights of another type.
template <int scales_, int minima_>
struct Unpacked {
    static constexpr int64_t group_bytes = byte_group;
    static constexpr int64_t scale_blocks = 1;
    static constexpr int64_t scale_bytes = int64_t{scales_ + minima_} * row_group * 4;
    static constexpr int n_scales = scales_;
    static constexpr int n_minima = minima_;

    static __m256 scale(const uint8_t* scales, int64_t, int s, int part) {
        return _mm256_loadu_ps(reinterpret_cast<const float*>(scales) + s * row_group + part * 8);
    }
    static __m256 minimum(const uint8_t* scales, int64_t i, int m, int part) {
        return scale(scales, i, scales_ + m, part);
    }
};

/// Multiplies bytes that are widened to 16 bits. Two inputs of a row are adjacent.
struct Words {
    using Block = BlockX<int16_t>;
    static constexpr int lane = 2;

    static int32_t start(int32_t sum) { return -128 * sum; }

    static void store(const __m256i (&quants)[4], int16_t* out) {
        auto* registers = reinterpret_cast<__m256i*>(out);
        _mm256_storeu_si256(registers, words(quants[0], quants[1]));
        _mm256_storeu_si256(registers + 1, words(quants[2], quants[3]));
    }

    /// Computes dot[T][16] += W[16] * X[T] for n steps of a block from `first` on. The tokens of X
    /// are `x_stride` blocks apart. Packed weights are taken apart on the way.
    template <typename W, int T>
    [[gnu::always_inline]] static inline void multiply_steps(const uint8_t* quants, const Block* x,
                                                             int64_t x_stride, int first, int n,
                                                             __m256i (&dot)[T][2]) {
        if constexpr (W::group_bytes == byte_group) {
            for (int step = first; step < first + n; ++step) {
                const uint8_t* at = quants + step * 32;
                const auto* halves = reinterpret_cast<const __m128i*>(at);
                prefetch(at);
                multiply_step<T>(_mm_loadu_si128(halves), _mm_loadu_si128(halves + 1), x, x_stride,
                                 step, dot);
            }
        } else {
            if (first == 0)
                for (int64_t at = 0; at < W::group_bytes; at += 64) prefetch(quants + at);
#pragma GCC unroll 16
            for (int step = first; step < first + n; ++step) {
                const __m256i bytes = W::load(quants, step);
                multiply_step<T>(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1),
                                 x, x_stride, step, dot);
            }
        }
    }

    template <int T>
    [[gnu::always_inline]] static inline void multiply_step(__m128i low, __m128i high,
                                                            const Block* x, int64_t x_stride,
                                                            int step, __m256i (&dot)[T][2]) {
        const __m256i w0 = _mm256_cvtepu8_epi16(low);
        const __m256i w1 = _mm256_cvtepu8_epi16(high);
#pragma GCC unroll 6
        for (int t = 0; t < T; ++t) {
            const __m256i two = repeated(x[t * x_stride].quants + step * lane);
            add_products_of_words(dot[t][0], w0, two);
            add_products_of_words(dot[t][1], w1, two);
        }
    }
};

/// Multiplies bytes of four bits. Four inputs of a row are adjacent.
struct Nibbles {
    using Block = BlockX<int8_t>;
    static constexpr int lane = 4;

    /// Each 16-bit half of a lane sums half of the products and starts at half of -8 Σx.
    static int32_t start(int32_t sum) {
        const uint32_t half = static_cast<uint32_t>(-4 * sum) & 0xffff;
        return static_cast<int32_t>(half * 0x10001);
    }

    static void store(const __m256i (&quants)[4], int8_t* out) {
        const __m256i bytes =
            _mm256_packs_epi16(words(quants[0], quants[1]), words(quants[2], quants[3]));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                            _mm256_permute4x64_epi64(bytes, 0b11'01'10'00));
    }

    /// A step is four inputs: of a pair of steps, the lower halves of the bytes and the upper ones.
    template <typename W, int T>
    static void multiply_steps(const uint8_t* quants, const Block* x, int64_t x_stride, int, int,
                               __m256i (&dot)[T][2]) {
        for (int pair = 0; pair < quant_block / lane / 2; ++pair) {
            const uint8_t* at = quants + pair * 64;
            prefetch(at);
#pragma GCC unroll 2
            for (int upper = 0; upper < 2; ++upper) {
                __m256i w0 = load_256(at), w1 = load_256(at + 32);
                if (upper == 1) w0 = _mm256_srli_epi16(w0, 4), w1 = _mm256_srli_epi16(w1, 4);
                w0 = _mm256_and_si256(w0, all_bytes(0x0f));
                w1 = _mm256_and_si256(w1, all_bytes(0x0f));
#pragma GCC unroll 6
                for (int t = 0; t < T; ++t) {
                    const int8_t* first = x[t * x_stride].quants + pair * 2 * lane;
                    const __m256i four = repeated(first + upper * lane);
                    add_products_of_bytes(dot[t][0], w0, four);
                    add_products_of_bytes(dot[t][1], w1, four);
                }
            }
        }
        const __m256i ones = _mm256_set1_epi16(1);
#pragma GCC unroll 6
        for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
            for (int i = 0; i < 2; ++i) dot[t][i] = _mm256_madd_epi16(dot[t][i], ones);
    }
};

/// Quantises one block of X as ggml's quantize_row_q8_0 does on x86: 127 / amax, halves to even,
/// the scale rounded to F16.
template <typename Way>
void quantize_block(const float* x, typename Way::Block& out) {
    const __m256 no_sign = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    __m256 most = _mm256_setzero_ps();
    for (int i = 0; i < quant_block; i += lanes)
        most = _mm256_max_ps(most, _mm256_and_ps(no_sign, _mm256_loadu_ps(x + i)));
    const float amax = largest_lane(most);
    const __m256 inverse = _mm256_set1_ps(amax != 0.0f ? 127.0f / amax : 0.0f);
    __m256i quants[quant_block / lanes];
    for (int i = 0; i < quant_block / lanes; ++i)
        quants[i] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i * lanes), inverse));
    Way::store(quants, out.quants);
    const __m128i scale = _mm_cvtps_ph(_mm_set_ss(amax / 127.0f), _MM_FROUND_TO_NEAREST_INT);
    out.scale = _mm_cvtss_f32(_mm_cvtph_ps(scale));
    const int sums[2] = {sum_of_lanes(_mm256_add_epi32(quants[0], quants[1])),
                         sum_of_lanes(_mm256_add_epi32(quants[2], quants[3]))};
    for (int half = 0; half < 2; ++half) {
        out.half_sums[half] = static_cast<float>(sums[half]) * out.scale;
        out.half_starts[half] = Way::start(sums[half]);
    }
    out.sum = static_cast<float>(sums[0] + sums[1]) * out.scale;
    out.start = Way::start(sums[0] + sums[1]);
    out.unused = 0;
}

template <typename Way>
void quantize(const float* x, int64_t n_blocks, void* out) {
    auto* blocks = static_cast<typename Way::Block*>(out);
    for (int64_t i = 0; i < n_blocks; ++i) quantize_block<Way>(x + i * quant_block, blocks[i]);
}

/// Computes sums[T][16] += dot * scales, and the minima's part: for the s-th scale of a block.
template <typename W, int T, typename Block>
void add_scaled(const __m256i (&dot)[T][2], const uint8_t* scales, int64_t in_unit, int s,
                const Block* x, int64_t x_stride, float* sums) {
    const __m256 scale[2] = {W::scale(scales, in_unit, s, 0), W::scale(scales, in_unit, s, 1)};
#pragma GCC unroll 6
    for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
        for (int i = 0; i < 2; ++i) {
            float* const at = sums + t * row_panel + i * lanes;
            const Block& of_token = x[t * x_stride];
            const __m256 both = _mm256_mul_ps(scale[i], _mm256_set1_ps(of_token.scale));
            __m256 sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot[t][i]), both, _mm256_load_ps(at));
            if constexpr (W::n_minima > 0) {
                const float* of_x = W::n_minima == 1 ? &of_token.sum : of_token.half_sums + s;
                sum =
                    _mm256_fmadd_ps(W::minimum(scales, in_unit, s, i), _mm256_set1_ps(*of_x), sum);
            }
            _mm256_store_ps(at, sum);
        }
}

/// Computes sums[T][32] += W[16, n_blocks] * X[n_blocks, T], for 16 of the 32. The tokens of X are
/// `x_stride` blocks apart.
template <typename Way, typename W, int T>
void multiply_tile(const uint8_t* quants, const uint8_t* scales, const typename Way::Block* x,
                   int64_t x_stride, int64_t n_blocks, float* sums) {
    constexpr int n = n_steps / W::n_scales;
    for (int64_t block = 0; block < n_blocks; ++block, ++x, quants += W::group_bytes) {
        const uint8_t* of_block = scales + block / W::scale_blocks * W::scale_bytes;
#pragma GCC unroll 2
        for (int s = 0; s < W::n_scales; ++s) {
            __m256i dot[T][2];
#pragma GCC unroll 6
            for (int t = 0; t < T; ++t) {
                const auto& of_token = x[t * x_stride];
                const int32_t start = W::n_scales == 1 ? of_token.start : of_token.half_starts[s];
                dot[t][0] = dot[t][1] = _mm256_set1_epi32(W::n_minima > 0 ? 0 : start);
            }
            Way::template multiply_steps<W, T>(quants, x, x_stride, s * n, n, dot);
            add_scaled<W, T>(dot, of_block, block % W::scale_blocks, s, x, x_stride, sums);
        }
    }
}

template <typename Way>
using Tile = void (*)(const uint8_t*, const uint8_t*, const typename Way::Block*, int64_t, int64_t,
                      float*);
template <typename Way, typename W>
constexpr Tile<Way> tiles[tile_tokens] = {multiply_tile<Way, W, 1>, multiply_tile<Way, W, 2>,
                                          multiply_tile<Way, W, 3>, multiply_tile<Way, W, 4>,
                                          multiply_tile<Way, W, 5>, multiply_tile<Way, W, 6>};

using Sums = float[row_panel];

/// Multiplies some tokens of a panel with a slice of its weights.
template <typename Way>
void multiply_groups(const Panel& p, Tile<Way> tile, const GroupWeights& w, int64_t block,
                     int64_t n_blocks, int token, Sums* sums) {
    const auto* x = static_cast<const typename Way::Block*>(p.x) + token * p.n_blocks + block;
    for (int g = 0; g < p.n_groups; ++g)
        tile(w.quants + g * w.quants_stride, w.scales + g * w.scales_stride, x, p.n_blocks,
             n_blocks, sums[token] + g * row_group);
}

template <typename Way, typename W>
void multiply_slice(const Panel& p, const GroupWeights& w, int64_t block, int64_t n_blocks,
                    Sums* sums) {
    for_every_tile<tile_tokens>(p.n_tokens, [&](int begin, int n_tokens) {
        multiply_groups<Way>(p, tiles<Way, W>[n_tokens - 1], w, block, n_blocks, begin, sums);
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
                auto* const to = reinterpret_cast<__m256i*>(quants[g] + block * byte_group);
                for (int64_t line = 0; line < W::group_bytes; line += 64) prefetch(from + line);
#pragma GCC unroll 16
                for (int s = 0; s < n_steps; ++s) _mm256_store_si256(to + s, W::load(from, s));
                unpack_scales(w.scales + g * w.scales_stride, block, scales[g]);
            }
        }
        return {quants[0], sizeof quants[0], scales[0], sizeof scales[0]};
    }

    static void unpack_scales(const uint8_t* from, int64_t block, uint8_t* out) {
        from += block / W::scale_blocks * W::scale_bytes;
        auto* to = reinterpret_cast<float*>(out + block * As::scale_bytes);
        const int64_t in_unit = block % W::scale_blocks;
        for (int s = 0; s < W::n_scales; ++s)
            for (int part = 0; part < 2; ++part, to += lanes)
                _mm256_store_ps(to, W::scale(from, in_unit, s, part));
        if constexpr (W::n_minima > 0)
            for (int m = 0; m < W::n_minima; ++m)
                for (int part = 0; part < 2; ++part, to += lanes)
                    _mm256_store_ps(to, W::minimum(from, in_unit, m, part));
    }
};

/// Adds the products of a panel whose weights stay as they are.
template <typename Way, typename W>
void multiply_packed(const Panel& p, Sums* sums) {
    // A single tile reads W once and needs no slices.
    const int64_t slice = p.n_tokens <= tile_tokens ? p.n_blocks : slice_blocks;
    for_every_slice(p.n_blocks, slice, [&](int64_t block, int64_t n_blocks) {
        multiply_slice<Way, W>(p, weights_from<W>(p, block), block, n_blocks, sums);
    });
}

template <typename W>
void multiply_unpacked(const Panel& p, Sums* sums) {
    Slice<W> slice;
    for_every_slice(p.n_blocks, slice_blocks, [&](int64_t block, int64_t n_blocks) {
        const GroupWeights w = slice.unpack(weights_from<W>(p, block), p.n_groups, n_blocks);
        multiply_slice<Words, typename Slice<W>::As>(p, w, block, n_blocks, sums);
    });
}

template <typename Way, typename W>
void multiply(const Panel& p) {
    alignas(64) float sums[most_columns][row_panel];
    __builtin_memset(sums, 0, sizeof sums[0] * static_cast<unsigned>(p.n_tokens));
    if constexpr (Way::lane == Nibbles::lane || W::group_bytes == byte_group) {
        multiply_packed<Way, W>(p, sums);
    } else if (p.n_tokens == 1) {
        multiply_groups<Way>(p, multiply_tile<Way, W, 1>, weights_from<W>(p, 0), 0, p.n_blocks, 0,
                             sums);
    } else {
        multiply_unpacked<W>(p, sums);
    }
    for (int t = 0; t < p.n_tokens; ++t)
        for (int i = 0; i < p.n_groups * row_group; i += lanes)
            _mm256_storeu_ps(p.y + t * p.y_stride + i, _mm256_load_ps(sums[t] + i));
}

template <typename Way, typename W>
constexpr MatmulKernel kernel = {Way::lane, W::sizes, sizeof(typename Way::Block), quantize<Way>,
                                 multiply<Way, W>};

}  // namespace

const MatmulKernel* matmul_avx2(ggml_type type) {
    switch (type) {
        case GGML_TYPE_Q8_0:
            return &kernel<Words, Q8_0>;
        case GGML_TYPE_Q4_0:
            return &kernel<Nibbles, Q4_0>;
        case GGML_TYPE_Q4_1:
            return &kernel<Nibbles, Q4_1>;
        case GGML_TYPE_Q5_0:
            return &kernel<Words, Q5_0>;
        case GGML_TYPE_Q5_1:
            return &kernel<Words, Q5_1>;
        case GGML_TYPE_Q2_K:
            return &kernel<Words, Q2_K>;
        case GGML_TYPE_Q3_K:
            return &kernel<Words, Q3_K>;
        case GGML_TYPE_Q4_K:
            return &kernel<Nibbles, Q4_K>;
        case GGML_TYPE_Q5_K:
            return &kernel<Words, Q5_K>;
        case GGML_TYPE_Q6_K:
            return &kernel<Words, Q6_K>;
        case GGML_TYPE_IQ4_NL:
            return &kernel<Words, IQ4_NL>;
        case GGML_TYPE_IQ4_XS:
            return &kernel<Words, IQ4_XS>;
        case GGML_TYPE_MXFP4:
            return &kernel<Words, MXFP4>;
        default:
            return nullptr;
    }
}

}  // namespace infinipot::kernels

#else

namespace infinipot::kernels {
const MatmulKernel* matmul_avx2(ggml_type) { return nullptr; }
}  // namespace infinipot::kernels

#endif
