// The layouts shared by matmul_q8 and its kernels.
//
// Packed W [n_in, n_out]. Sixteen output rows make a *group*; a *block* is 32 consecutive inputs; a
// *lane* is the 32 bits that a CPU's integer multiply-add sums into: as many consecutive inputs of
// one row as it multiplies at a time, 4 bytes with AVX-512 VNNI, 2 (widened to 16 bits) with AVX2.
//
//     quants  uint8 [n_out/16][n_in/32][32/lane][16][lane]  w + 128; last axes: step, row, input
//     scales  F16   [n_out/16][n_in/32][16]                 all scales follow all quants
//
// The inputs of one step are thus adjacent for sixteen rows, and are multiplied by the same few
// activations, repeated for every row. vpdpbusd takes unsigned times signed, hence the 128; to make
// up for it, sums start at -128 Σx.
#pragma once

#include <cstddef>
#include <cstdint>

namespace infinipot::kernels {

constexpr int q8_block = 32;            ///< inputs that share a scale
constexpr int q8_group = 16;            ///< output rows packed together
constexpr int q8_panel = 2 * q8_group;  ///< output rows computed together
constexpr int q8_max_tokens = 192;      ///< most columns in one call of `multiply`

/// 32 quantised activations of one token, as wide as the kernel wants them.
template <typename Quant>
struct BlockX {
    float scale;         ///< of `quants`; an F16 value
    int32_t correction;  ///< -128 * sum of quants
    Quant quants[q8_block];
};

/// Some output rows (16 or 32, n_groups = 1 or 2) of the product with some columns
/// (1..q8_max_tokens).
struct PanelQ8 {
    const uint8_t* quants;   ///< [n_groups][n_blocks][512]
    const uint16_t* scales;  ///< [n_groups][n_blocks][16] F16
    int n_groups;
    int64_t n_blocks;
    const void* x;  ///< the kernel's BlockX [n_tokens][n_blocks]
    int n_tokens;
    float* y;          ///< [n_tokens][16 * n_groups], rows `y_stride` floats apart
    int64_t y_stride;  ///< n_out
};

/// The functions written for one kind of CPU, and what they want.
struct MatmulQ8Kernel {
    int lane;             ///< inputs of a row that lie together: 2 or 4
    int64_t block_bytes;  ///< of its BlockX
    void (*quantize)(const float* x, int64_t n_blocks, void* out);
    void (*multiply)(const PanelQ8& panel);
};

/// The kernel for CPUs with AVX-512 VNNI or AVX2, or nullptr where the compiler has no such
/// instructions. Whether the CPU has them is for the caller to ask.
const MatmulQ8Kernel* matmul_q8_avx512();
const MatmulQ8Kernel* matmul_q8_avx2();

}  // namespace infinipot::kernels
