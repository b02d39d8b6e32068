// Data layouts of matmul and its kernels.
//
// Packed W [n_in, n_out]. A *group* is 16 output rows, and a *block* is 32 consecutive inputs. A
// *lane* is 32 bits, into which a CPU's integer multiply-add sums. It holds as many consecutive
// inputs of one row as are multiplied at a time: 4 bytes, or 2 if they are widened to 16 bits
// first. The 512 quants of a group and block have this order, which a CPU reads them in:
//
//     [32/lane][16][lane]  unsigned; axes: step, row, input
//
// The inputs of one step are therefore adjacent for 16 rows, and are multiplied by the same few
// activations, repeated for every row. A *chunk* is 64 quants in that order; a block has 8 chunks.
// Quants of fewer than 8 bits are stored in planes, which registers of 64 bytes take apart:
//
//     nibbles  256 bytes; byte 64 j + i: quant i of chunks 2j (lower half) and 2j + 1
//     pairs    128 bytes; byte 64 j + i: 2 bits of quant i of chunks 4j (lowest) to 4j + 3
//     bits      64 bytes; bit i of the 64 bits at 8 c: of quant i of chunk c
//
// A block of 2, 3, 4, 5 or 6 bits is: pairs; pairs and bits (the highest); nibbles; nibbles and
// bits; nibbles and pairs (the highest). A block of 8 bits is 512 bytes.
//
//     quants  [n_out/16][n_in/32][group_bytes]
//     scales  [n_out/16][n_in/32/scale_blocks][scale_bytes]   all scales follow all quants
//
// A weight is scale * (quant - offset) or scale * quant + minimum. Scales of one type, for 16 rows:
//
//     Q8_0, Q4_0, Q5_0, IQ4_NL   F16 scale [16]
//     Q4_1, Q5_1                 F16 scale [16], F16 minimum [16]
//     MXFP4                      exponent [16], a byte
//     Q4_K, Q5_K                 factor [8][16], factor of the minimum [8][16], F16 scale [16], F16
//                                minimum [16]: of 8 blocks; factors are unsigned bytes
//     IQ4_XS                     factor [8][16], F16 scale [16]: of 8 blocks; signed bytes
//     Q3_K, Q6_K                 factor [16][16], F16 scale [16]: of 8 blocks; a signed byte for
//     each
//                                half of a block
//     Q2_K                       factors [16][16], F16 scale [16], F16 minimum [16]: the lower half
//     of
//                                a byte is the scale's factor, the upper half the minimum's
//
// Minima of K-quants are stored with the sign that they are added with.
//
// The instructions multiply unsigned by signed. To cancel what was added to weights that have a
// sign, sums start at minus that number times Σx.
#pragma once

#include <ggml.h>

#include <cstddef>
#include <cstdint>

namespace infinipot::kernels {

constexpr int quant_block = 32;           ///< inputs that share a scale of the activations
constexpr int row_group = 16;             ///< output rows packed together
constexpr int row_panel = 2 * row_group;  ///< output rows computed together
constexpr int most_columns = 192;         ///< largest Panel::n_tokens
constexpr int super_blocks = 8;           ///< blocks of a K-quant's 256 weights

/// 32 quantised activations of one token, in the width that the kernel needs.
template <typename Quant>
struct BlockX {
    float scale;             ///< of `quants`; an F16 value
    float sum;               ///< of all activations, scaled
    float half_sums[2];      ///< of the first 16 and of the last
    int32_t start;           ///< start of sums, which cancels what was added to the weights
    int32_t half_starts[2];  ///< the same for halves of the block
    int32_t unused;
    Quant quants[quant_block];
};

/// The sizes of packed weights of one type.
struct Packing {
    int bits;              ///< of a quant
    int64_t scale_blocks;  ///< blocks whose scales are stored together
    int64_t scale_bytes;   ///< of a group's scales in so many blocks

    /// Bytes of a group's quants in one block.
    constexpr int64_t group_bytes() const { return int64_t{row_group} * quant_block * bits / 8; }
};

namespace packing {
constexpr Packing q8_0 = {8, 1, 32};
constexpr Packing q4_0 = {4, 1, 32};
constexpr Packing q4_1 = {4, 1, 64};
constexpr Packing q5_0 = {5, 1, 32};
constexpr Packing q5_1 = {5, 1, 64};
constexpr Packing q2_k = {2, super_blocks, 320};
constexpr Packing q3_k = {3, super_blocks, 288};
constexpr Packing q4_k = {4, super_blocks, 320};
constexpr Packing q5_k = {5, super_blocks, 320};
constexpr Packing q6_k = {6, super_blocks, 288};
constexpr Packing iq4_nl = {4, 1, 32};
constexpr Packing iq4_xs = {4, super_blocks, 160};
constexpr Packing mxfp4 = {4, 1, 16};
}  // namespace packing

// The weights that quants of four bits stand for, + 128.

constexpr uint8_t weights_of_q4_0[16] = {120, 121, 122, 123, 124, 125, 126, 127,
                                         128, 129, 130, 131, 132, 133, 134, 135};
constexpr uint8_t weights_of_iq4[16] = {1,   24,  45,  63,  79,  93,  106, 118,
                                        129, 141, 153, 166, 181, 197, 217, 241};
constexpr uint8_t weights_of_mxfp4[16] = {128, 129, 130, 131, 132, 134, 136, 140,
                                          128, 127, 126, 125, 124, 122, 120, 116};

/// Part of a product: 16 or 32 output rows (n_groups = 1 or 2) and 1 to most_columns columns.
struct Panel {
    const uint8_t* quants;  ///< [n_groups][n_blocks][group_bytes]
    const uint8_t* scales;  ///< [n_groups][n_blocks / scale_blocks][scale_bytes]
    int n_groups;
    int64_t n_blocks;
    const void* x;  ///< the kernel's BlockX [n_tokens][n_blocks]
    int n_tokens;
    float* y;          ///< [n_tokens][16 * n_groups], rows `y_stride` floats apart
    int64_t y_stride;  ///< n_out
};

/// Weights of one or two groups from some block on.
struct GroupWeights {
    const uint8_t* quants;
    int64_t quants_stride;  ///< bytes from a group's quants to the next group's
    const uint8_t* scales;
    int64_t scales_stride;
};

/// Returns the weights of a panel from `block` on, a multiple of W::scale_blocks.
template <typename W>
GroupWeights weights_from(const Panel& p, int64_t block) {
    return {p.quants + block * W::group_bytes, p.n_blocks * W::group_bytes,
            p.scales + block / W::scale_blocks * W::scale_bytes,
            p.n_blocks / W::scale_blocks * W::scale_bytes};
}

/// Calls multiply(first token, n_tokens) for *tiles* of nearly equal sizes of at most `tile_tokens`
/// tokens.
template <int tile_tokens, typename Multiply>
void for_every_tile(int n_tokens, Multiply multiply) {
    const int n_tiles = (n_tokens + tile_tokens - 1) / tile_tokens;
    for (int tile = 0; tile < n_tiles; ++tile) {
        const int begin = n_tokens * tile / n_tiles;
        multiply(begin, n_tokens * (tile + 1) / n_tiles - begin);
    }
}

/// Calls visit(first block, n_blocks) for slices of `slice` blocks.
template <typename Visit>
void for_every_slice(int64_t n_blocks, int64_t slice, Visit visit) {
    for (int64_t block = 0; block < n_blocks; block += slice)
        visit(block, n_blocks - block < slice ? n_blocks - block : slice);
}

/// Functions and layout of the kernel for one kind of CPU and one type of weights.
struct MatmulKernel {
    int lane;             ///< inputs of a row that are adjacent: 2 or 4
    Packing packing;      ///< of the type
    int64_t block_bytes;  ///< bytes of its BlockX
    void (*quantize)(const float* x, int64_t n_blocks, void* out);
    void (*multiply)(const Panel& panel);
};

/// Return the kernels for CPUs with AVX-512 VNNI or AVX2, or nullptr if there is none for the type
/// or the compiler lacks the instructions. The caller must check that the CPU has them.
const MatmulKernel* matmul_avx512(ggml_type type);
const MatmulKernel* matmul_avx2(ggml_type type);

}  // namespace infinipot::kernels
