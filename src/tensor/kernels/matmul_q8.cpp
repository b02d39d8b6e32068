#include "tensor/kernels/matmul_q8.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "tensor/kernels/cpu.h"
#include "tensor/kernels/matmul_q8_layout.h"
#include "tensor/kernels/work_tickets.h"

namespace infinipot::kernels {
namespace {

/// ggml's Q8_0: 32 weights and their scale.
struct BlockQ8 {
    ggml_fp16_t scale;
    int8_t quants[q8_block];
};
static_assert(sizeof(BlockQ8) == 34);

/// The kernel for this CPU, or nullptr.
const MatmulQ8Kernel* kernel() {
    if (cpu() >= Cpu::avx512 && matmul_q8_avx512()) return matmul_q8_avx512();
    return cpu() >= Cpu::avx2 ? matmul_q8_avx2() : nullptr;
}

int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Threads take equal shares of all blocks: a single row is divided too.
void quantize_op(ggml_tensor* dst, int ith, int nth, void* /*userdata*/) {
    const ggml_tensor* x = dst->src[0];
    const int64_t row_blocks = x->ne[0] / q8_block;
    const int64_t n_blocks = row_blocks * x->ne[1];
    const int64_t end = n_blocks * (ith + 1) / nth;
    for (int64_t i = n_blocks * ith / nth; i < end;) {
        const int64_t row = i / row_blocks, col = i % row_blocks;
        const int64_t n = std::min(row_blocks - col, end - i);
        const char* from = static_cast<const char*>(x->data) + row * static_cast<int64_t>(x->nb[1]);
        kernel()->quantize(reinterpret_cast<const float*>(from) + col * q8_block, n,
                           static_cast<char*>(dst->data) + i * kernel()->block_bytes);
        i += n;
    }
}

/// A piece of work is one panel of output rows times one run of tokens. Panels change fastest, so
/// the tokens' X stays in the cache while W streams by once per run.
void matmul_op(ggml_tensor* dst, int /*ith*/, int nth, void* /*userdata*/) {
    const int64_t n_out = dst->ne[0], n_tokens = dst->ne[1];
    const int64_t n_blocks = dst->src[1]->ne[0] / kernel()->block_bytes;
    const auto* quants = static_cast<const uint8_t*>(dst->src[0]->data);
    const auto* scales = reinterpret_cast<const uint16_t*>(quants + n_out * n_blocks * q8_block);
    const auto* x = static_cast<const char*>(dst->src[1]->data);
    auto* y = static_cast<float*>(dst->data);

    const int64_t n_panels = div_up(n_out, q8_panel), n_runs = div_up(n_tokens, q8_max_tokens);
    WorkTickets tickets(dst, n_panels * n_runs, nth);
    for (int64_t piece = tickets.draw(); piece >= 0; piece = tickets.draw()) {
        const int64_t run = piece / n_panels, row = piece % n_panels * q8_panel;
        const int64_t begin = n_tokens * run / n_runs, end = n_tokens * (run + 1) / n_runs;
        kernel()->multiply({.quants = quants + row * n_blocks * q8_block,
                            .scales = scales + row * n_blocks,
                            .n_groups = n_out - row >= q8_panel ? 2 : 1,
                            .n_blocks = n_blocks,
                            .x = x + begin * n_blocks * kernel()->block_bytes,
                            .n_tokens = static_cast<int>(end - begin),
                            .y = y + begin * n_out + row,
                            .y_stride = n_out});
    }
}

}  // namespace

bool matmul_q8_supported(int64_t n_in, int64_t n_out) {
    return kernel() && n_in > 0 && n_in % q8_block == 0 && n_out > 0 && n_out % q8_group == 0;
}

std::size_t packed_q8_bytes(int64_t n_in, int64_t n_out) {
    const int64_t scale_bytes = n_in / q8_block * n_out * static_cast<int64_t>(sizeof(ggml_fp16_t));
    return static_cast<std::size_t>(n_in * n_out + div_up(scale_bytes, 64) * 64);
}

void pack_q8(const void* q8_0_rows, int64_t n_in, int64_t n_out, void* packed) {
    const int64_t n_blocks = n_in / q8_block, lane = kernel()->lane;
    const auto* from = static_cast<const BlockQ8*>(q8_0_rows);
    auto* quants = static_cast<uint8_t*>(packed);
    auto* scales = reinterpret_cast<ggml_fp16_t*>(quants + n_in * n_out);
    for (int64_t group = 0; group < n_out / q8_group; ++group)
        for (int64_t block = 0; block < n_blocks; ++block)
            for (int64_t row = 0; row < q8_group; ++row) {
                const BlockQ8& source = from[(group * q8_group + row) * n_blocks + block];
                const int64_t at = group * n_blocks + block;
                for (int64_t i = 0; i < q8_block; ++i)
                    quants[at * q8_group * q8_block + (i / lane * q8_group + row) * lane +
                           i % lane] = static_cast<uint8_t>(source.quants[i] + 128);
                scales[at * q8_group + row] = source.scale;
            }
}

ggml_tensor* quantize_rows_q8(ggml_context* ctx, ggml_tensor* x) {
    assert(x->type == GGML_TYPE_F32 && x->ne[0] % q8_block == 0 && ggml_is_matrix(x));
    assert(x->nb[0] == sizeof(float) && kernel());
    const int64_t row_bytes = x->ne[0] / q8_block * kernel()->block_bytes;
    return ggml_custom_4d(ctx, GGML_TYPE_I8, row_bytes, x->ne[1], 1, 1, &x, 1, quantize_op,
                          GGML_N_TASKS_MAX, nullptr);
}

ggml_tensor* matmul_q8(ggml_context* ctx, ggml_tensor* packed, ggml_tensor* x8, int64_t n_in,
                       int64_t n_out) {
    assert(matmul_q8_supported(n_in, n_out));
    assert(ggml_nbytes(packed) >= packed_q8_bytes(n_in, n_out) && ggml_is_contiguous(packed));
    assert(x8->ne[0] == n_in / q8_block * kernel()->block_bytes);
    assert(ggml_is_contiguous(x8));
    ggml_tensor* args[] = {packed, x8};
    static_cast<void>(n_in);
    return ggml_custom_4d(ctx, GGML_TYPE_F32, n_out, x8->ne[1], 1, 1, args, 2, matmul_op,
                          GGML_N_TASKS_MAX, nullptr);
}

}  // namespace infinipot::kernels
