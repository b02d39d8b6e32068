// The AVX2 kernel of matmul_q8; data layouts are in matmul_q8_layout.h.
//
// Bytes are widened to 16 bits: vpmaddwd multiplies pairs and adds both products to an int32
// without overflow, where vpmaddubsw would saturate. With vpaddd that is 16 multiply-adds in two
// instructions, twice as many as F32 has, and integer sums are exact.
//
// A *tile* is 16 rows x up to 6 tokens: 12 int32 accumulators, two registers of weights, one
// repeated pair of activations and one product take all 16 registers; float sums wait in the L1
// cache from block to block. Weights are taken in slices, as in the AVX-512 kernel.
//
// No templates of the standard library here: see infinipot_kernel_flags in cmake/targets.cmake.
#include "tensor/kernels/matmul_q8_layout.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include <immintrin.h>

#include "tensor/kernels/math_avx2.h"

namespace infinipot::kernels {
namespace {

using Block = BlockX<int16_t>;

constexpr int tile_tokens = 6;
constexpr int64_t slice_blocks = 16;      // 2 x 8 KiB of quants
constexpr int64_t prefetch_bytes = 2048;  // a few blocks ahead, where W comes from memory
constexpr int64_t group_bytes = int64_t{q8_group} * q8_block;  // of a block's quants

int32_t sum_of_lanes(__m256i x) {
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    sum = _mm_add_epi32(sum, _mm_unpackhi_epi64(sum, sum));
    return _mm_cvtsi128_si32(_mm_add_epi32(sum, _mm_shuffle_epi32(sum, 1)));
}

/// One block of X, as ggml's quantize_row_q8_0 for x86: 127 / amax, halves to even, the scale
/// through F16.
void quantize_block(const float* x, Block& out) {
    const __m256 no_sign = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    __m256 most = _mm256_setzero_ps();
    for (int i = 0; i < q8_block; i += lanes)
        most = _mm256_max_ps(most, _mm256_and_ps(no_sign, _mm256_loadu_ps(x + i)));
    const float amax = largest_lane(most);
    const __m256 inverse = _mm256_set1_ps(amax != 0.0f ? 127.0f / amax : 0.0f);
    __m256i sum = _mm256_setzero_si256();
    for (int i = 0; i < q8_block; i += 2 * lanes) {
        const auto rounded = [&](int at) {
            return _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + at), inverse));
        };
        const __m256i low = rounded(i), high = rounded(i + lanes);
        constexpr int in_order = 0b11'01'10'00;  // packing works within halves
        const __m256i packed = _mm256_packs_epi32(low, high);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out.quants + i),
                            _mm256_permute4x64_epi64(packed, in_order));
        sum = _mm256_add_epi32(sum, _mm256_add_epi32(low, high));
    }
    const __m128i scale = _mm_cvtps_ph(_mm_set_ss(amax / 127.0f), _MM_FROUND_TO_NEAREST_INT);
    out.scale = _mm_cvtss_f32(_mm_cvtph_ps(scale));
    out.correction = -128 * sum_of_lanes(sum);
}

void quantize(const float* x, int64_t n_blocks, void* out) {
    auto* blocks = static_cast<Block*>(out);
    for (int64_t i = 0; i < n_blocks; ++i) quantize_block(x + i * q8_block, blocks[i]);
}

/// sum += a * b, pair by pair. In assembly because GCC, left to itself, computes all products of a
/// step before it adds the first, for which there are not enough registers: half the speed.
void add_products(__m256i& sum, __m256i a, __m256i b) {
    asm("vpaddd %1, %0, %0" : "+x"(sum) : "x"(_mm256_madd_epi16(a, b)));
}

/// sums[T][32], of which the group's 16, += W[16, n_blocks] * X[n_blocks, T]; the tokens of X are
/// `x_stride` blocks apart.
template <int T>
void multiply_tile(const uint8_t* quants, const uint16_t* scales, const Block* x, int64_t x_stride,
                   int64_t n_blocks, float* sums) {
    for (int64_t block = 0; block < n_blocks;
         ++block, ++x, quants += group_bytes, scales += q8_group) {
        __m256i dot[T][2];
#pragma GCC unroll 6
        for (int t = 0; t < T; ++t)
            dot[t][0] = dot[t][1] = _mm256_set1_epi32(x[t * x_stride].correction);

        for (int pair = 0; pair < q8_block / 2; ++pair) {
            const uint8_t* at = quants + pair * 32;
            const auto* halves = reinterpret_cast<const __m128i*>(at);
            const __m256i w0 = _mm256_cvtepu8_epi16(_mm_loadu_si128(halves));
            const __m256i w1 = _mm256_cvtepu8_epi16(_mm_loadu_si128(halves + 1));
            _mm_prefetch(reinterpret_cast<const char*>(at + prefetch_bytes), _MM_HINT_T0);
#pragma GCC unroll 6
            for (int t = 0; t < T; ++t) {
                int32_t two;
                __builtin_memcpy(&two, x[t * x_stride].quants + pair * 2, sizeof two);
                const __m256i repeated = _mm256_set1_epi32(two);
                add_products(dot[t][0], w0, repeated);
                add_products(dot[t][1], w1, repeated);
            }
        }

        const auto* halves = reinterpret_cast<const __m128i*>(scales);
        const __m256 w_scale[2] = {_mm256_cvtph_ps(_mm_loadu_si128(halves)),
                                   _mm256_cvtph_ps(_mm_loadu_si128(halves + 1))};
#pragma GCC unroll 6
        for (int t = 0; t < T; ++t)
#pragma GCC unroll 2
            for (int i = 0; i < 2; ++i) {
                float* sum = sums + t * q8_panel + i * lanes;
                const __m256 scale =
                    _mm256_mul_ps(w_scale[i], _mm256_set1_ps(x[t * x_stride].scale));
                _mm256_store_ps(sum, _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot[t][i]), scale,
                                                     _mm256_load_ps(sum)));
            }
    }
}

using Tile = void (*)(const uint8_t*, const uint16_t*, const Block*, int64_t, int64_t, float*);
constexpr Tile tiles[tile_tokens] = {multiply_tile<1>, multiply_tile<2>, multiply_tile<3>,
                                     multiply_tile<4>, multiply_tile<5>, multiply_tile<6>};

void multiply(const PanelQ8& p) {
    alignas(64) float sums[q8_max_tokens][q8_panel];
    __builtin_memset(sums, 0, sizeof sums[0] * static_cast<unsigned>(p.n_tokens));
    const auto* x = static_cast<const Block*>(p.x);
    // Tiles of nearly equal size. Where there is one, W is read once and needs no slices.
    const int n_tiles = (p.n_tokens + tile_tokens - 1) / tile_tokens;
    const int64_t slice = n_tiles == 1 ? p.n_blocks : slice_blocks;
    for (int64_t block = 0; block < p.n_blocks; block += slice) {
        const int64_t n_blocks = p.n_blocks - block < slice ? p.n_blocks - block : slice;
        for (int tile = 0; tile < n_tiles; ++tile) {
            const int begin = p.n_tokens * tile / n_tiles;
            const int n_tokens = p.n_tokens * (tile + 1) / n_tiles - begin;
            for (int g = 0; g < p.n_groups; ++g) {
                const int64_t at = g * p.n_blocks + block;
                tiles[n_tokens - 1](p.quants + at * group_bytes, p.scales + at * q8_group,
                                    x + begin * p.n_blocks + block, p.n_blocks, n_blocks,
                                    sums[begin] + g * q8_group);
            }
        }
    }
    for (int t = 0; t < p.n_tokens; ++t)
        for (int i = 0; i < p.n_groups * q8_group; i += lanes)
            _mm256_storeu_ps(p.y + t * p.y_stride + i, _mm256_load_ps(sums[t] + i));
}

constexpr MatmulQ8Kernel avx2 = {2, sizeof(Block), quantize, multiply};

}  // namespace

const MatmulQ8Kernel* matmul_q8_avx2() { return &avx2; }

}  // namespace infinipot::kernels

#else

namespace infinipot::kernels {
const MatmulQ8Kernel* matmul_q8_avx2() { return nullptr; }
}  // namespace infinipot::kernels

#endif
