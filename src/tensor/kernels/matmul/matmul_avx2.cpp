// The AVX2 kernels of matmul. The data layouts are in layout.h.
//
// Q8_0: bytes are widened to 16 bits. vpmaddwd multiplies pairs and adds both products to an int32
// without overflow, where vpmaddubsw would saturate. With vpaddd that is 16 multiply-adds in two
// instructions, twice as many as with F32, and integer sums are exact.
//
// Q4_0: vpmaddubsw multiplies pairs of bytes into 16 bits. They hold the sum of a whole block: 16
// products of at most 15 * 127, and the start value. With vpaddw that is 32 multiply-adds in two
// instructions. Sums are exact as well.
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

#include "tensor/kernels/simd/f32s.h"

namespace infinipot::kernels {
namespace {

constexpr int tile_tokens = 6;
constexpr int64_t slice_bytes = 8 << 10;  // of a group's quants
constexpr int64_t prefetch_bytes = 2048;  // a few blocks ahead, if W comes from memory

int32_t sum_of_lanes(__m256i x) {
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    sum = _mm_add_epi32(sum, _mm_unpackhi_epi64(sum, sum));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 1)));
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

/// Q8_0: a quant is w + 128, a byte. Two inputs of a row are adjacent.
struct Q8 {
    using Block = BlockX<int16_t>;
    static constexpr int lane = 2;
    static constexpr int64_t group_bytes = int64_t{row_group} * quant_block;

    static int32_t start(int32_t sum) { return -128 * sum; }

    static void store(const __m256i (&quants)[4], int16_t* out) {
        auto* registers = reinterpret_cast<__m256i*>(out);
        _mm256_storeu_si256(registers, words(quants[0], quants[1]));
        _mm256_storeu_si256(registers + 1, words(quants[2], quants[3]));
    }

    /// Computes dot[T][16] = a block of W[16] * X[T]. The tokens of X are `x_stride` blocks apart.
    template <int T>
    static void multiply_block(const uint8_t* quants, const Block* x, int64_t x_stride,
                               __m256i (&dot)[T][2]) {
#pragma GCC unroll 6
        for (int t = 0; t < T; ++t)
            dot[t][0] = dot[t][1] = _mm256_set1_epi32(x[t * x_stride].start);

        for (int step = 0; step < quant_block / lane; ++step) {
            const uint8_t* at = quants + step * 32;
            const auto* halves = reinterpret_cast<const __m128i*>(at);
            const __m256i w0 = _mm256_cvtepu8_epi16(_mm_loadu_si128(halves));
            const __m256i w1 = _mm256_cvtepu8_epi16(_mm_loadu_si128(halves + 1));
            prefetch(at);
#pragma GCC unroll 6
            for (int t = 0; t < T; ++t) {
                const __m256i two = repeated(x[t * x_stride].quants + step * lane);
                add_products_of_words(dot[t][0], w0, two);
                add_products_of_words(dot[t][1], w1, two);
            }
        }
    }
};

/// Q4_0: a quant is w + 8, half a byte. Four inputs of a row are adjacent.
struct Q4 {
    using Block = BlockX<int8_t>;
    static constexpr int lane = 4;
    static constexpr int64_t group_bytes = int64_t{row_group} * quant_block / 2;

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

    template <int T>
    static void multiply_block(const uint8_t* quants, const Block* x, int64_t x_stride,
                               __m256i (&dot)[T][2]) {
        const __m256i half_byte = _mm256_set1_epi8(0x0f);
#pragma GCC unroll 6
        for (int t = 0; t < T; ++t)
            dot[t][0] = dot[t][1] = _mm256_set1_epi32(x[t * x_stride].start);

        for (int step = 0; step < quant_block / lane; ++step) {
            const uint8_t* at = quants + step * 32;
            const __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
            const __m256i w0 = _mm256_and_si256(both, half_byte);
            const __m256i w1 = _mm256_and_si256(_mm256_srli_epi16(both, 4), half_byte);
            prefetch(at);
#pragma GCC unroll 6
            for (int t = 0; t < T; ++t) {
                const __m256i four = repeated(x[t * x_stride].quants + step * lane);
                add_products_of_bytes(dot[t][0], w0, four);
                add_products_of_bytes(dot[t][1], w1, four);
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
template <typename Weights>
void quantize_block(const float* x, typename Weights::Block& out) {
    const __m256 no_sign = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    __m256 most = _mm256_setzero_ps();
    for (int i = 0; i < quant_block; i += lanes)
        most = _mm256_max_ps(most, _mm256_and_ps(no_sign, _mm256_loadu_ps(x + i)));
    const float amax = largest_lane(most);
    const __m256 inverse = _mm256_set1_ps(amax != 0.0f ? 127.0f / amax : 0.0f);
    __m256i quants[quant_block / lanes];
    __m256i sum = _mm256_setzero_si256();
    for (int i = 0; i < quant_block / lanes; ++i) {
        quants[i] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i * lanes), inverse));
        sum = _mm256_add_epi32(sum, quants[i]);
    }
    Weights::store(quants, out.quants);
    const __m128i scale = _mm_cvtps_ph(_mm_set_ss(amax / 127.0f), _MM_FROUND_TO_NEAREST_INT);
    out.scale = _mm_cvtss_f32(_mm_cvtph_ps(scale));
    out.start = Weights::start(sum_of_lanes(sum));
}

template <typename Weights>
void quantize(const float* x, int64_t n_blocks, void* out) {
    auto* blocks = static_cast<typename Weights::Block*>(out);
    for (int64_t i = 0; i < n_blocks; ++i) {
        quantize_block<Weights>(x + i * quant_block, blocks[i]);
    }
}

/// Computes sums[T][32] += W[16, n_blocks] * X[n_blocks, T], for 16 of the 32. The tokens of X are
/// `x_stride` blocks apart.
template <typename Weights, int T>
void multiply_tile(const uint8_t* quants, const uint16_t* scales, const typename Weights::Block* x,
                   int64_t x_stride, int64_t n_blocks, float* sums) {
    for (int64_t block = 0; block < n_blocks;
         ++block, ++x, quants += Weights::group_bytes, scales += row_group) {
        __m256i dot[T][2];
        Weights::template multiply_block<T>(quants, x, x_stride, dot);
        const auto* halves = reinterpret_cast<const __m128i*>(scales);
        const __m256 w_scale[2] = {_mm256_cvtph_ps(_mm_loadu_si128(halves)),
                                   _mm256_cvtph_ps(_mm_loadu_si128(halves + 1))};
#pragma GCC unroll 6
        for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
            for (int i = 0; i < 2; ++i) {
                float* sum = sums + t * row_panel + i * lanes;
                const __m256 scale =
                    _mm256_mul_ps(w_scale[i], _mm256_set1_ps(x[t * x_stride].scale));
                _mm256_store_ps(sum, _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot[t][i]), scale,
                                                     _mm256_load_ps(sum)));
            }
    }
}

template <typename Weights>
using Tile = void (*)(const uint8_t*, const uint16_t*, const typename Weights::Block*, int64_t,
                      int64_t, float*);
template <typename Weights>
constexpr Tile<Weights> tiles[tile_tokens] = {multiply_tile<Weights, 1>, multiply_tile<Weights, 2>,
                                              multiply_tile<Weights, 3>, multiply_tile<Weights, 4>,
                                              multiply_tile<Weights, 5>, multiply_tile<Weights, 6>};

template <typename Weights>
void multiply(const Panel& p) {
    alignas(64) float sums[most_columns][row_panel];
    __builtin_memset(sums, 0, sizeof sums[0] * static_cast<unsigned>(p.n_tokens));
    const auto* x = static_cast<const typename Weights::Block*>(p.x);
    const auto multiply_tokens = [&](int begin, int n_tokens, int64_t block, int64_t n_blocks) {
        for (int g = 0; g < p.n_groups; ++g) {
            const int64_t at = g * p.n_blocks + block;
            tiles<Weights>[n_tokens - 1](p.quants + at * Weights::group_bytes,
                                         p.scales + at * row_group, x + begin * p.n_blocks + block,
                                         p.n_blocks, n_blocks, sums[begin] + g * row_group);
        }
    };
    for_every_tile<tile_tokens>(p, slice_bytes / Weights::group_bytes, multiply_tokens);
    for (int t = 0; t < p.n_tokens; ++t)
        for (int i = 0; i < p.n_groups * row_group; i += lanes)
            _mm256_storeu_ps(p.y + t * p.y_stride + i, _mm256_load_ps(sums[t] + i));
}

template <typename Weights>
constexpr MatmulKernel kernel = {Weights::lane, Weights::group_bytes,
                                 sizeof(typename Weights::Block), quantize<Weights>,
                                 multiply<Weights>};

}  // namespace

const MatmulKernel* matmul_q8_avx2() { return &kernel<Q8>; }
const MatmulKernel* matmul_q4_avx2() { return &kernel<Q4>; }

}  // namespace infinipot::kernels

#else

namespace infinipot::kernels {
const MatmulKernel* matmul_q8_avx2() { return nullptr; }
const MatmulKernel* matmul_q4_avx2() { return nullptr; }
}  // namespace infinipot::kernels

#endif
