// Data layouts of matmul and its kernels.
//
// Packed W [n_in, n_out]. A *group* is 16 output rows, and a *block* is 32 consecutive inputs. A
// *lane* is 32 bits, into which a CPU's integer multiply-add sums. It holds as many consecutive
// inputs of one row as are multiplied at a time: 4 bytes, or 2 if they are widened to 16 bits
// first.
//
//     quants  [n_out/16][n_in/32][32/lane][16][lane]  unsigned; last axes: step, row, input
//     scales  F16 [n_out/16][n_in/32][16]             all scales follow all quants
//
// The inputs of one step are therefore adjacent for 16 rows, and are multiplied by the same few
// activations, repeated for every row. A quant of Q8_0 is w + 128, a byte. A quant of Q4_0 is w +
// 8, and a byte holds two: the lower half for one of the first eight rows, the upper half for the
// row eight further on. The instructions multiply unsigned by signed. To cancel what was added to
// the weights, sums start at -128 Σx or -8 Σx.
#pragma once

#include <cstddef>
#include <cstdint>

namespace infinipot::kernels {

constexpr int quant_block = 32;           ///< inputs that share a scale
constexpr int row_group = 16;             ///< output rows packed together
constexpr int row_panel = 2 * row_group;  ///< output rows computed together
constexpr int most_columns = 192;         ///< largest Panel::n_tokens

/// 32 quantised activations of one token, in the width that the kernel needs.
template <typename Quant>
struct BlockX {
    float scale;    ///< of `quants`; an F16 value
    int32_t start;  ///< start of sums, which cancels what was added to the weights
    Quant quants[quant_block];
};

/// Part of a product: 16 or 32 output rows (n_groups = 1 or 2) and 1 to most_columns columns.
struct Panel {
    const uint8_t* quants;   ///< [n_groups][n_blocks] of the kernel's group_bytes
    const uint16_t* scales;  ///< [n_groups][n_blocks][16] F16
    int n_groups;
    int64_t n_blocks;
    const void* x;  ///< the kernel's BlockX [n_tokens][n_blocks]
    int n_tokens;
    float* y;          ///< [n_tokens][16 * n_groups], rows `y_stride` floats apart
    int64_t y_stride;  ///< n_out
};

/// Calls multiply(first token, n_tokens, first block, n_blocks) for every tile of a panel. *Tiles*
/// have nearly equal sizes of at most `tile_tokens` tokens. All tokens are multiplied with a slice
/// of `slice` blocks of W before the next slice. A single tile reads W once and needs no slices.
template <int tile_tokens, typename Multiply>
void for_every_tile(const Panel& p, int64_t slice, Multiply multiply) {
    const int n_tiles = (p.n_tokens + tile_tokens - 1) / tile_tokens;
    if (n_tiles == 1) slice = p.n_blocks;
    for (int64_t block = 0; block < p.n_blocks; block += slice) {
        const int64_t n_blocks = p.n_blocks - block < slice ? p.n_blocks - block : slice;
        for (int tile = 0; tile < n_tiles; ++tile) {
            const int begin = p.n_tokens * tile / n_tiles;
            multiply(begin, p.n_tokens * (tile + 1) / n_tiles - begin, block, n_blocks);
        }
    }
}

/// Functions and layout of the kernel for one kind of CPU and one type of weights.
struct MatmulKernel {
    int lane;             ///< inputs of a row that are adjacent: 2 or 4
    int64_t group_bytes;  ///< bytes of a group's quants in one block
    int64_t block_bytes;  ///< bytes of its BlockX
    void (*quantize)(const float* x, int64_t n_blocks, void* out);
    void (*multiply)(const Panel& panel);
};

/// Return the kernels for CPUs with AVX-512 VNNI or AVX2, or nullptr if the compiler lacks the
/// instructions. The caller must check that the CPU has them.
const MatmulKernel* matmul_q8_avx512();
const MatmulKernel* matmul_q4_avx512();
const MatmulKernel* matmul_q8_avx2();
const MatmulKernel* matmul_q4_avx2();

}  // namespace infinipot::kernels
