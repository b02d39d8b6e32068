#include "tensor/kernels/matmul/matmul.h"

#include <algorithm>
#include <cassert>

#include "tensor/kernels/matmul/pack.h"
#include "tensor/kernels/matmul/packed.h"
#include "tensor/kernels/simd/cpu.h"
#include "tensor/kernels/work_queue.h"

namespace infinipot::kernels {
namespace {

/// The parts of a packed matrix: its quants, and from `scales` on its scales.
struct Parts {
    int64_t quants_bytes;  ///< of a group
    int64_t scales_bytes;
    int64_t n_groups;
    Parts(const Packing& packing, int64_t n_blocks, int64_t n_out)
        : quants_bytes(n_blocks * packing.group_bytes()),
          scales_bytes(n_blocks / packing.scale_blocks * packing.scale_bytes),
          n_groups(n_out / row_group) {}

    int64_t quants(int64_t row) const { return row / row_group * quants_bytes; }
    int64_t scales(int64_t row) const {
        return n_groups * quants_bytes + row / row_group * scales_bytes;
    }
    int64_t bytes() const { return n_groups * (quants_bytes + scales_bytes); }
};

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
    if (cpu() < Cpu::x8) return nullptr;
    const MatmulKernel* avx512 = cpu() >= Cpu::avx512 ? matmul_avx512(type) : nullptr;
    return avx512 ? avx512 : matmul_avx2(type);
}

void multiply_panel(const MatmulKernel& kernel, const PackedMatrix& w, int64_t row, int64_t n_rows,
                    const Columns& columns) {
    const Parts parts(kernel.packing, w.n_blocks, w.n_out);
    const auto* data = static_cast<const uint8_t*>(w.data);
    kernel.multiply({.quants = data + parts.quants(row),
                     .scales = data + parts.scales(row),
                     .n_groups = n_rows >= row_panel ? 2 : 1,
                     .n_blocks = w.n_blocks,
                     .x = columns.x,
                     .n_tokens = static_cast<int>(columns.n),
                     .y = columns.y,
                     .y_stride = columns.y_stride});
}

bool matmul_supported(ggml_type type, int64_t n_in, int64_t n_out) {
    return matmul_kernel(type) && n_in > 0 && n_in % ggml_blck_size(type) == 0 && n_out > 0 &&
           n_out % row_group == 0;
}

std::size_t packed_bytes(ggml_type type, int64_t n_in, int64_t n_out) {
    const Parts parts(matmul_kernel(type)->packing, n_in / quant_block, n_out);
    return static_cast<std::size_t>(div_up(parts.bytes(), 64) * 64);
}

void pack(ggml_type type, const void* rows, int64_t n_in, int64_t n_out, void* packed) {
    pack_rows(type, rows, 0, n_out, n_in, n_out, packed);
}

void pack_rows(ggml_type type, const void* rows, int64_t first_row, int64_t n_rows, int64_t n_in,
               int64_t n_out, void* packed) {
    assert(matmul_supported(type, n_in, n_out));
    assert(first_row % row_group == 0 && n_rows % row_group == 0 && first_row + n_rows <= n_out);
    const MatmulKernel& kernel = *matmul_kernel(type);
    const Parts parts(kernel.packing, n_in / quant_block, n_out);
    auto* data = static_cast<uint8_t*>(packed);
    pack_groups(type, kernel.lane, rows, n_rows / row_group, n_in / quant_block,
                data + parts.quants(first_row), data + parts.scales(first_row));
}

bool share_quantized_rows(ggml_type a, ggml_type b) {
    return matmul_kernel(a) && matmul_kernel(b) &&
           matmul_kernel(a)->quantize == matmul_kernel(b)->quantize;
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
