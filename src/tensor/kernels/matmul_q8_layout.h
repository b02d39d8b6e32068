// The layouts shared by matmul_q8 and its kernels.
//
// Packed W [n_in, n_out]. Sixteen output rows make a *group*; a *block* is 32 consecutive inputs.
//
//     quants  uint8 [n_out/16][n_in/32][8][16][4]  w + 128; last axes: quad of inputs, row, input
//     scales  F16   [n_out/16][n_in/32][16]        all scales follow all quants
//
// One 64-byte register thus holds four inputs of sixteen rows. vpdpbusd multiplies its bytes by the
// four activations of one quad, repeated for every row, and adds each four products to that row's
// int32 sum: after eight of them a register holds the dot products of sixteen rows with one block.
// The instruction takes unsigned times signed, hence the 128; to make up for it, sums start at
// -128 Σx.
#pragma once

#include <cstdint>

namespace infinipot::kernels {

constexpr int q8_block = 32;            ///< inputs that share a scale
constexpr int q8_group = 16;            ///< output rows packed together: int32 lanes of a register
constexpr int q8_panel = 2 * q8_group;  ///< output rows computed together
constexpr int q8_max_tokens = 192;      ///< most columns in one call of `multiply`

/// 32 quantised activations of one token.
struct BlockX {
    float scale;         ///< of `quants`; an F16 value
    int32_t correction;  ///< -128 * sum of quants
    int8_t quants[q8_block];
};
static_assert(sizeof(BlockX) == 40);

/// Some output rows (16 or 32, n_groups = 1 or 2) of the product with some columns
/// (1..q8_max_tokens).
struct PanelQ8 {
    const uint8_t* quants;   ///< [n_groups][n_blocks][512]
    const uint16_t* scales;  ///< [n_groups][n_blocks][16] F16
    int n_groups;
    int64_t n_blocks;
    const BlockX* x;  ///< [n_tokens][n_blocks]
    int n_tokens;
    float* y;          ///< [n_tokens][16 * n_groups], rows `y_stride` floats apart
    int64_t y_stride;  ///< n_out
};

/// The functions written for one kind of CPU.
struct MatmulQ8Kernel {
    void (*quantize)(const float* x, int64_t n_blocks, BlockX* out);
    void (*multiply)(const PanelQ8& panel);
};

/// The AVX-512 VNNI kernel, or nullptr where the compiler has no such instructions. Whether the CPU
/// has them is for the caller to ask.
const MatmulQ8Kernel* matmul_q8_avx512();

}  // namespace infinipot::kernels
