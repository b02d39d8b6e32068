// The layouts shared by matmul and its kernels.
//
// Packed W [n_in, n_out]. Sixteen output rows make a *group*; a *block* is 32 consecutive inputs; a
// *lane* is the 32 bits that a CPU's integer multiply-add sums into: as many consecutive inputs of
// one row as it multiplies at a time: 4 bytes, or 2 where they are widened to 16 bits first.
//
//     quants  [n_out/16][n_in/32][32/lane][16][lane]  unsigned; last axes: step, row, input
//     scales  F16 [n_out/16][n_in/32][16]             all scales follow all quants
//
// The inputs of one step are thus adjacent for sixteen rows, and are multiplied by the same few
// activations, repeated for every row. Of Q8_0 a quant is w + 128, a byte. Of Q4_0 it is w + 8, and
// a byte holds two: the lower half one of the first eight rows, the upper half that of the row
// eight further on. Instructions take unsigned times signed; to make up for what was added, sums
// start at -128 Σx or -8 Σx.
#pragma once

#include <cstddef>
#include <cstdint>

namespace infinipot::kernels {

constexpr int quant_block = 32;           ///< inputs that share a scale
constexpr int row_group = 16;             ///< output rows packed together
constexpr int row_panel = 2 * row_group;  ///< output rows computed together
constexpr int most_columns = 192;         ///< in one call of `multiply`

/// 32 quantised activations of one token, as wide as the kernel wants them.
template <typename Quant>
struct BlockX {
    float scale;    ///< of `quants`; an F16 value
    int32_t start;  ///< what sums start at, for what was added to the weights
    Quant quants[quant_block];
};

/// Some output rows (16 or 32, n_groups = 1 or 2) of the product with some columns
/// (1..most_columns).
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

/// The functions written for one kind of CPU and one type of weights, and what they want.
struct MatmulKernel {
    int lane;             ///< inputs of a row that lie together: 2 or 4
    int64_t group_bytes;  ///< quants of a block of a group
    int64_t block_bytes;  ///< of its BlockX
    void (*quantize)(const float* x, int64_t n_blocks, void* out);
    void (*multiply)(const Panel& panel);
};

/// The kernels for CPUs with AVX-512 VNNI or AVX2, or nullptr where the compiler has no such
/// instructions. Whether the CPU has them is for the caller to ask.
const MatmulKernel* matmul_q8_avx512();
const MatmulKernel* matmul_q4_avx512();
const MatmulKernel* matmul_q8_avx2();
const MatmulKernel* matmul_q4_avx2();

}  // namespace infinipot::kernels
