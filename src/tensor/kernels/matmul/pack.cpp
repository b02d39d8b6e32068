#include "tensor/kernels/matmul/pack.h"

#include <cassert>
#include <cstring>

#include "tensor/kernels/matmul/blocks.h"

namespace infinipot::kernels {
namespace {

constexpr int chunk = 64;                              // quants
constexpr int group_quants = row_group * quant_block;  // of a block
constexpr int n_chunks = group_quants / chunk;

/// Orders the quants of 16 rows as [step][row][lane]. `row_stride`: bytes from row to row.
template <int lane>
void order(const uint8_t* rows, int row_stride, uint8_t* out) {
    for (int row = 0; row < row_group; ++row)
        for (int step = 0; step < quant_block / lane; ++step)
            std::memcpy(out + (step * row_group + row) * lane,
                        rows + row * row_stride + step * lane, lane);
}

uint8_t* put_nibbles(const uint8_t* quants, uint8_t* out) {
    for (int j = 0; j < n_chunks / 2; ++j, quants += 2 * chunk)
        for (int i = 0; i < chunk; ++i)
            *out++ = static_cast<uint8_t>((quants[i] & 0x0f) | quants[chunk + i] << 4);
    return out;
}

/// Writes two bits of each quant, from bit `first` on.
uint8_t* put_pairs(const uint8_t* quants, int first, uint8_t* out) {
    for (int j = 0; j < n_chunks / 4; ++j, quants += 4 * chunk)
        for (int i = 0; i < chunk; ++i) {
            const auto pair = [&](int k) { return (quants[k * chunk + i] >> first & 3) << 2 * k; };
            *out++ = static_cast<uint8_t>(pair(0) | pair(1) | pair(2) | pair(3));
        }
    return out;
}

/// Writes one bit of each quant. A product gathers the bits of eight bytes in its highest byte.
uint8_t* put_bits(const uint8_t* quants, int bit, uint8_t* out) {
    for (int i = 0; i < group_quants; i += 8) {
        uint64_t eight;
        std::memcpy(&eight, quants + i, sizeof eight);
        *out++ =
            static_cast<uint8_t>((eight >> bit & 0x0101010101010101) * 0x0102040810204080 >> 56);
    }
    return out;
}

template <int bits>
void put_planes(const uint8_t* quants, uint8_t* out) {
    if constexpr (bits == 8) std::memcpy(out, quants, group_quants);
    if constexpr (bits == 4 || bits == 5 || bits == 6) out = put_nibbles(quants, out);
    if constexpr (bits == 2 || bits == 3) out = put_pairs(quants, 0, out);
    if constexpr (bits == 6) put_pairs(quants, 4, out);
    if constexpr (bits == 5) put_bits(quants, 4, out);
    if constexpr (bits == 3) put_bits(quants, 2, out);
}

template <typename Block, int lane>
void pack_groups_of(const void* rows, int64_t n_groups, int64_t n_blocks, uint8_t* quants,
                    uint8_t* scales) {
    constexpr Packing packing = Block::packing;
    static_assert(packing.scale_blocks * quant_block == Block::n);
    const int64_t n_in_row = n_blocks / packing.scale_blocks;
    uint8_t bytes[row_group][Block::n], ordered[group_quants];
    for (int64_t group = 0; group < n_groups; ++group)
        for (int64_t i = 0; i < n_in_row; ++i, scales += packing.scale_bytes) {
            for (int row = 0; row < row_group; ++row) {
                const auto& block =
                    static_cast<const Block*>(rows)[(group * row_group + row) * n_in_row + i];
                block.quants(bytes[row]);
                block.scales(row, scales);
            }
            for (int at = 0; at < Block::n; at += quant_block, quants += packing.group_bytes()) {
                order<lane>(bytes[0] + at, Block::n, ordered);
                put_planes<packing.bits>(ordered, quants);
            }
        }
}

using PackGroups = void (*)(const void*, int64_t, int64_t, uint8_t*, uint8_t*);

template <typename Block>
PackGroups of_lane(int lane) {
    assert(lane == 2 || lane == 4);
    return lane == 2 ? pack_groups_of<Block, 2> : pack_groups_of<Block, 4>;
}

PackGroups pack_groups_of_type(ggml_type type, int lane) {
    switch (type) {
        case GGML_TYPE_Q4_0:
        case GGML_TYPE_IQ4_NL:
            return of_lane<BlockQ4_0>(lane);
        case GGML_TYPE_Q4_1:
            return of_lane<BlockQ4_1>(lane);
        case GGML_TYPE_Q5_0:
            return of_lane<BlockQ5_0>(lane);
        case GGML_TYPE_Q5_1:
            return of_lane<BlockQ5_1>(lane);
        case GGML_TYPE_MXFP4:
            return of_lane<BlockMxfp4>(lane);
        case GGML_TYPE_Q2_K:
            return of_lane<BlockQ2_K>(lane);
        case GGML_TYPE_Q3_K:
            return of_lane<BlockQ3_K>(lane);
        case GGML_TYPE_Q4_K:
            return of_lane<BlockQ4_K>(lane);
        case GGML_TYPE_Q5_K:
            return of_lane<BlockQ5_K>(lane);
        case GGML_TYPE_Q6_K:
            return of_lane<BlockQ6_K>(lane);
        case GGML_TYPE_IQ4_XS:
            return of_lane<BlockIq4Xs>(lane);
        default:
            assert(type == GGML_TYPE_Q8_0);
            return of_lane<BlockQ8_0>(lane);
    }
}

}  // namespace

void pack_groups(ggml_type type, int lane, const void* rows, int64_t n_groups, int64_t n_blocks,
                 uint8_t* quants, uint8_t* scales) {
    pack_groups_of_type(type, lane)(rows, n_groups, n_blocks, quants, scales);
}

}  // namespace infinipot::kernels
