#include "tensor/kernels/matmul/matmul.h"

#include <algorithm>
#include <cassert>

#include "tensor/kernels/matmul/packed.h"
#include "tensor/kernels/simd/cpu.h"
#include "tensor/kernels/work_queue.h"

namespace infinipot::kernels {
namespace {

/// A block of ggml's Q8_0: 32 weights and their scale.
struct BlockQ8 {
    static constexpr int weights_per_byte = 1;  // when packed
    ggml_fp16_t scale;
    int8_t quants[quant_block];
    uint8_t unsigned_quant(int64_t i) const { return static_cast<uint8_t>(quants[i] + 128); }
};
static_assert(sizeof(BlockQ8) == 34);

/// A block of ggml's Q4_0: the upper halves of the bytes hold the second half of the weights.
struct BlockQ4 {
    static constexpr int weights_per_byte = 2;
    ggml_fp16_t scale;
    uint8_t quants[quant_block / 2];
    uint8_t unsigned_quant(int64_t i) const {
        constexpr int64_t half = quant_block / 2;
        return static_cast<uint8_t>(i < half ? quants[i] & 0x0f : quants[i - half] >> 4);
    }
};
static_assert(sizeof(BlockQ4) == 18);

int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Packs one block of a group, whose rows are `row_blocks` blocks apart: [step][row][lane] bytes.
/// Each byte holds the weights of one row or of two.
template <typename Block, int lane>
void pack_block(const Block* rows, int64_t row_blocks, uint8_t* quants) {
    constexpr int per_byte = Block::weights_per_byte, n_rows = row_group / per_byte;
    for (int first = 0; first < quant_block; first += lane)
        for (int row = 0; row < n_rows; ++row)
            for (int i = first; i < first + lane; ++i) {
                unsigned byte = rows[row * row_blocks].unsigned_quant(i);
                if constexpr (per_byte == 2)
                    byte |= unsigned{rows[(row + n_rows) * row_blocks].unsigned_quant(i)} << 4;
                *quants++ = static_cast<uint8_t>(byte);
            }
}

template <typename Block>
void pack_blocks(const MatmulKernel& kernel, const void* rows, int64_t first_row, int64_t n_rows,
                 int64_t n_in, int64_t n_out, void* packed) {
    assert(kernel.lane == 2 || kernel.lane == 4);
    const auto pack_one = kernel.lane == 2 ? pack_block<Block, 2> : pack_block<Block, 4>;
    const int64_t n_blocks = n_in / quant_block, first_block = first_row / row_group * n_blocks;
    auto* quants = static_cast<uint8_t*>(packed);
    auto* scales = reinterpret_cast<ggml_fp16_t*>(quants + n_in * n_out / Block::weights_per_byte);
    quants += first_block * kernel.group_bytes;
    scales += first_block * row_group;
    for (int64_t group = 0; group < n_rows / row_group; ++group) {
        const Block* from = static_cast<const Block*>(rows) + group * row_group * n_blocks;
        for (int64_t block = 0; block < n_blocks; ++block, ++from) {
            pack_one(from, n_blocks, quants);
            quants += kernel.group_bytes;
            for (int64_t row = 0; row < row_group; ++row) *scales++ = from[row * n_blocks].scale;
        }
    }
}

const MatmulKernel& kernel_of(void* userdata) {
    return *static_cast<const MatmulKernel*>(userdata);
}

/// Threads quantise equal shares of all blocks, so a single row is divided too.
void quantize_op(ggml_tensor* dst, int ith, int nth, void* userdata) {
    const MatmulKernel& kernel = kernel_of(userdata);
    const ggml_tensor* x = dst->src[0];
    const int64_t row_blocks = x->ne[0] / quant_block;
    const int64_t n_blocks = row_blocks * x->ne[1];
    const int64_t end = n_blocks * (ith + 1) / nth;
    for (int64_t i = n_blocks * ith / nth; i < end;) {
        const int64_t row = i / row_blocks, col = i % row_blocks;
        const int64_t n = std::min(row_blocks - col, end - i);
        const char* from = static_cast<const char*>(x->data) + row * static_cast<int64_t>(x->nb[1]);
        kernel.quantize(reinterpret_cast<const float*>(from) + col * quant_block, n,
                        static_cast<char*>(dst->data) + i * kernel.block_bytes);
        i += n;
    }
}

/// A piece is one panel of output rows times one run of tokens. Panels change fastest, so the X of
/// the tokens stays in the cache and W is read once per run.
void matmul_op(ggml_tensor* dst, int /*ith*/, int nth, void* userdata) {
    const MatmulKernel& kernel = kernel_of(userdata);
    const int64_t n_out = dst->ne[0], n_tokens = dst->ne[1];
    const PackedMatrix w = {dst->src[0]->data, dst->src[1]->ne[0] / kernel.block_bytes, n_out};
    const auto* x = static_cast<const char*>(dst->src[1]->data);
    auto* y = static_cast<float*>(dst->data);

    const int64_t n_panels = div_up(n_out, row_panel), n_runs = div_up(n_tokens, most_columns);
    WorkQueue queue(dst, n_panels * n_runs, nth);
    for (int64_t piece = queue.draw(); piece >= 0; piece = queue.draw()) {
        const int64_t run = piece / n_panels, row = piece % n_panels * row_panel;
        const int64_t begin = n_tokens * run / n_runs, end = n_tokens * (run + 1) / n_runs;
        multiply_panel(kernel, w, row, n_out - row,
                       {.x = x + begin * w.n_blocks * kernel.block_bytes,
                        .n = end - begin,
                        .y = y + begin * n_out + row,
                        .y_stride = n_out});
    }
}

void* userdata_of(ggml_type type) { return const_cast<MatmulKernel*>(matmul_kernel(type)); }

}  // namespace

const MatmulKernel* matmul_kernel(ggml_type type) {
    if (cpu() < Cpu::x8 || (type != GGML_TYPE_Q8_0 && type != GGML_TYPE_Q4_0)) return nullptr;
    const bool q8 = type == GGML_TYPE_Q8_0;
    const MatmulKernel* avx512 = q8 ? matmul_q8_avx512() : matmul_q4_avx512();
    if (cpu() >= Cpu::avx512 && avx512) return avx512;
    return q8 ? matmul_q8_avx2() : matmul_q4_avx2();
}

void multiply_panel(const MatmulKernel& kernel, const PackedMatrix& w, int64_t row, int64_t n_rows,
                    const Columns& columns) {
    const int64_t row_bytes = w.n_blocks * kernel.group_bytes / row_group;  // of quants
    const auto* quants = static_cast<const uint8_t*>(w.data);
    const auto* scales = reinterpret_cast<const uint16_t*>(quants + w.n_out * row_bytes);
    kernel.multiply({.quants = quants + row * row_bytes,
                     .scales = scales + row * w.n_blocks,
                     .n_groups = n_rows >= row_panel ? 2 : 1,
                     .n_blocks = w.n_blocks,
                     .x = columns.x,
                     .n_tokens = static_cast<int>(columns.n),
                     .y = columns.y,
                     .y_stride = columns.y_stride});
}

bool matmul_supported(ggml_type type, int64_t n_in, int64_t n_out) {
    return matmul_kernel(type) && n_in > 0 && n_in % quant_block == 0 && n_out > 0 &&
           n_out % row_group == 0;
}

std::size_t packed_bytes(ggml_type type, int64_t n_in, int64_t n_out) {
    return static_cast<std::size_t>(
        div_up(static_cast<int64_t>(ggml_row_size(type, n_in)) * n_out, 64) * 64);
}

void pack(ggml_type type, const void* rows, int64_t n_in, int64_t n_out, void* packed) {
    pack_rows(type, rows, 0, n_out, n_in, n_out, packed);
}

void pack_rows(ggml_type type, const void* rows, int64_t first_row, int64_t n_rows, int64_t n_in,
               int64_t n_out, void* packed) {
    assert(matmul_supported(type, n_in, n_out));
    assert(first_row % row_group == 0 && n_rows % row_group == 0 && first_row + n_rows <= n_out);
    const auto pack_type = type == GGML_TYPE_Q8_0 ? pack_blocks<BlockQ8> : pack_blocks<BlockQ4>;
    pack_type(*matmul_kernel(type), rows, first_row, n_rows, n_in, n_out, packed);
}

ggml_tensor* quantize_rows(ggml_context* ctx, ggml_type type, ggml_tensor* x) {
    assert(x->type == GGML_TYPE_F32 && x->ne[0] % quant_block == 0 && ggml_is_matrix(x));
    assert(x->nb[0] == sizeof(float) && matmul_kernel(type));
    const int64_t row_bytes = x->ne[0] / quant_block * matmul_kernel(type)->block_bytes;
    return ggml_custom_4d(ctx, GGML_TYPE_I8, row_bytes, x->ne[1], 1, 1, &x, 1, quantize_op,
                          GGML_N_TASKS_MAX, userdata_of(type));
}

ggml_tensor* matmul(ggml_context* ctx, ggml_type type, ggml_tensor* packed, ggml_tensor* x8,
                    int64_t n_in, int64_t n_out) {
    assert(matmul_supported(type, n_in, n_out));
    assert(ggml_nbytes(packed) >= packed_bytes(type, n_in, n_out) && ggml_is_contiguous(packed));
    assert(x8->ne[0] == n_in / quant_block * matmul_kernel(type)->block_bytes);
    assert(ggml_is_contiguous(x8));
    ggml_tensor* args[] = {packed, x8};
    static_cast<void>(n_in);
    return ggml_custom_4d(ctx, GGML_TYPE_F32, n_out, x8->ne[1], 1, 1, args, 2, matmul_op,
                          GGML_N_TASKS_MAX, userdata_of(type));
}

}  // namespace infinipot::kernels
