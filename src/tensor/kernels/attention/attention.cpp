#include "tensor/kernels/attention/attention.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>

#include "tensor/kernels/attention/kernel.h"
#include "tensor/kernels/simd/cpu.h"
#include "tensor/kernels/work_queue.h"

namespace infinipot::kernels {
namespace {

constexpr int64_t min_chunk = 256;     // entries; a multiple of the kernel's tile of 64
constexpr int64_t enough_pieces = 32;  // so that threads share the work evenly

constexpr int64_t amx_rows = 16;  // rows that one instruction multiplies

/// Returns the visible range in an operation's parameters. ggml has the first 24 bytes of them, and
/// WorkQueue the last 4.
VisibleRange& visible_range_of(ggml_tensor* op) {
    return *reinterpret_cast<VisibleRange*>(op->op_params + 8);
}

/// Returns the kernel of this CPU for entries of this type, or nullptr.
AttentionKernel kernel(EntryType type, int64_t n_tokens, int64_t n_group) {
    if (cpu() < Cpu::x8 || type == EntryType::other) return nullptr;
    const bool fills_tiles = n_tokens * n_group >= amx_rows;
    if (cpu() >= Cpu::amx && fills_tiles && attention_amx()) return attention_amx();
    const bool many_tokens = n_tokens > 1;
    if (cpu() >= Cpu::avx512 && (many_tokens || type == EntryType::f16) && attention_avx512())
        return attention_avx512();
    return many_tokens ? attention_x8() : attention_one_token_x8(type);
}

int64_t div_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// Division of one call into pieces, the same for any number of threads: by KV head and by run of
/// tokens. Few pieces (decoding) are divided by chunk of entries too, and their results are merged.
struct Plan {
    int64_t n_run, n_chunk;  ///< number of runs, of chunks
    int64_t chunk;           ///< entries in one chunk

    Plan(const ggml_tensor* q, const ggml_tensor* k) {
        const int64_t n_head_kv = k->ne[2], group = q->ne[1] / n_head_kv;
        const int64_t run = std::max<int64_t>(attention_max_queries / (q->ne[0] * group), 1);
        n_run = div_up(q->ne[2], run);
        const int64_t wanted = std::max<int64_t>(enough_pieces / (n_run * n_head_kv), 1);
        chunk = div_up(std::max(div_up(k->ne[1], wanted), min_chunk), 64) * 64;
        n_chunk = div_up(k->ne[1], chunk);
    }
};

/// dst: F32 [n_embd_head * n_head, T], or parts for merge_op() [n_embd_head + 1, n_chunk, n_head,
/// T].
void attention_op(ggml_tensor* dst, int /*ith*/, int nth, void* userdata) {
    const ggml_tensor *q = dst->src[0], *k = dst->src[1], *v = dst->src[2];
    const Plan plan(q, k);
    const VisibleRange visible_range = visible_range_of(dst);
    const bool merged_later = dst->ne[0] == q->ne[0] + 1;
    const int64_t n_head_kv = k->ne[2], group = q->ne[1] / n_head_kv, n_tokens = q->ne[2];
    const int64_t out_head = merged_later ? (q->ne[0] + 1) * plan.n_chunk : q->ne[0];
    const auto bytes = [](const ggml_tensor* tensor, int64_t i1, int64_t i2) {
        return static_cast<const char*>(tensor->data) + i1 * static_cast<int64_t>(tensor->nb[1]) +
               i2 * static_cast<int64_t>(tensor->nb[2]);
    };

    const EntryType type = entry_type(k->type);
    const AttentionKernel attend = kernel(type, n_tokens, group);
    WorkQueue queue(dst, n_head_kv * plan.n_run * plan.n_chunk, nth);
    for (int64_t piece = queue.draw(); piece >= 0; piece = queue.draw()) {
        const int64_t chunk = piece % plan.n_chunk;
        const int64_t head_kv = piece / plan.n_chunk % n_head_kv;
        const int64_t run = plan.n_run - 1 - piece / plan.n_chunk / n_head_kv;  // the longest first
        const int64_t begin = n_tokens * run / plan.n_run, end = n_tokens * (run + 1) / plan.n_run;
        const int64_t head = head_kv * group;
        const int64_t visible = k->ne[1] - n_tokens + begin + 1 - visible_range.skip;
        const int64_t hidden =
            visible_range.window > 0 ? visible - visible_range.window : -n_tokens;
        attend({.n_embd_head = static_cast<int>(q->ne[0]),
                .n_head = static_cast<int>(group),
                .n_tokens = static_cast<int>(end - begin),
                .begin = static_cast<int>(std::max(chunk * plan.chunk, hidden)),
                .end = static_cast<int>(std::min((chunk + 1) * plan.chunk, k->ne[1])),
                .visible = static_cast<int>(visible),
                .hidden = static_cast<int>(hidden),
                .scale =
                    std::bit_cast<float>(static_cast<uint32_t>(std::bit_cast<uintptr_t>(userdata))),
                .type = type,
                .q = bytes(q, head, begin),
                .k = bytes(k, 0, head_kv),
                .v = bytes(v, 0, head_kv),
                .q_head_bytes = q->nb[1],
                .q_token_bytes = q->nb[2],
                .k_bytes = k->nb[1],
                .v_bytes = v->nb[1],
                .out = static_cast<float*>(dst->data) + (begin * q->ne[1] + head) * out_head +
                       (merged_later ? chunk * (q->ne[0] + 1) : 0),
                .out_head_stride = out_head,
                .out_token_stride = q->ne[1] * out_head,
                .wants_lse = merged_later});
    }
}

/// Averages the results of the chunks, weighted by their shares of the softmax, in which the sinks
/// take part. src: F32 [n_embd_head + 1, n_chunk, n_head, T], [n_head] or none;
/// dst: [n_embd_head * n_head, T].
void merge_op(ggml_tensor* dst, int ith, int nth, void* /*userdata*/) {
    constexpr float log2_e = 1.44269504f;
    const ggml_tensor *parts = dst->src[0], *sinks = dst->src[1];
    const int64_t stride = parts->ne[0], n_embd_head = stride - 1, n_chunk = parts->ne[1];
    const int64_t n_rows = parts->ne[2] * parts->ne[3];
    for (int64_t row = n_rows * ith / nth; row < n_rows * (ith + 1) / nth; ++row) {
        const float* part = static_cast<const float*>(parts->data) + row * n_chunk * stride;
        float* out = static_cast<float*>(dst->data) + row * n_embd_head;
        float max = part[n_embd_head];  // -inf if no entry is visible; not for every chunk
        for (int64_t c = 1; c < n_chunk; ++c) max = std::max(max, part[c * stride + n_embd_head]);
        float sum = 0;
        if (sinks != nullptr) {
            const float sink = log2_e * static_cast<const float*>(sinks->data)[row % parts->ne[2]];
            max = std::max(max, sink);
            sum = std::exp2(sink - max);
        }
        std::fill_n(out, n_embd_head, 0.0f);
        for (int64_t c = 0; c < n_chunk; ++c, part += stride) {
            const float weight = std::exp2(part[n_embd_head] - max);
            sum += weight;
            for (int64_t i = 0; i < n_embd_head; ++i) out[i] += weight * part[i];
        }
        for (int64_t i = 0; i < n_embd_head; ++i) out[i] /= sum;
    }
}

void check(const AttentionOperands& m) {
    assert(attention_supported(m.k->type, static_cast<int>(m.q->ne[0]),
                               static_cast<int>(m.q->ne[1] / m.k->ne[2])));
    assert(m.q->type == GGML_TYPE_F32 && m.k->type == m.v->type);
    assert(m.q->nb[0] == sizeof(float) && m.q->ne[3] == 1);
    assert(m.k->ne[0] == m.q->ne[0] && ggml_are_same_shape(m.k, m.v));
    assert(m.q->ne[1] % m.k->ne[2] == 0 && m.k->ne[1] >= m.q->ne[2]);
    static_cast<void>(m);
}

ggml_tensor* new_op(ggml_context* ctx, const AttentionOperands& m, float scale,
                    const std::array<int64_t, 4>& ne) {
    ggml_tensor* args[] = {m.q, m.k, m.v};
    void* scale_bits = std::bit_cast<void*>(uintptr_t{std::bit_cast<uint32_t>(scale)});
    ggml_tensor* op = ggml_custom_4d(ctx, GGML_TYPE_F32, ne[0], ne[1], ne[2], ne[3], args, 3,
                                     attention_op, GGML_N_TASKS_MAX, scale_bits);
    visible_range_of(op) = m.visible_range;
    return op;
}

/// Builds the parts [n_embd_head + 1, n_chunk, n_head, T]: results, each with the logarithm of its
/// softmax's sum.
ggml_tensor* parts(ggml_context* ctx, const AttentionOperands& m, float scale) {
    return new_op(ctx, m, scale, {m.q->ne[0] + 1, Plan(m.q, m.k).n_chunk, m.q->ne[1], m.q->ne[2]});
}

ggml_tensor* merged(ggml_context* ctx, ggml_tensor* parts, ggml_tensor* sinks) {
    assert(sinks == nullptr || (sinks->type == GGML_TYPE_F32 && sinks->ne[0] == parts->ne[2]));
    ggml_tensor* args[] = {parts, sinks};
    return ggml_custom_4d(ctx, GGML_TYPE_F32, (parts->ne[0] - 1) * parts->ne[2], parts->ne[3], 1, 1,
                          args, sinks == nullptr ? 1 : 2, merge_op, GGML_N_TASKS_MAX, nullptr);
}

}  // namespace

EntryType entry_type(ggml_type type) {
    switch (type) {
        case GGML_TYPE_F16:
            return EntryType::f16;
        case GGML_TYPE_BF16:
            return EntryType::bf16;
        case GGML_TYPE_Q8_0:
            return EntryType::q8_0;
        case GGML_TYPE_Q4_0:
            return EntryType::q4_0;
        default:
            return EntryType::other;
    }
}

bool attention_supported(ggml_type type, int n_embd_head, int n_group) {
    return kernel(entry_type(type), 1, n_group) && n_embd_head >= 32 &&
           n_embd_head <= attention_max_head &&
           n_embd_head % std::max<int64_t>(16, ggml_blck_size(type)) == 0 &&
           n_group <= attention_max_queries / n_embd_head;
}

ggml_tensor* attention(ggml_context* ctx, ggml_tensor* q, ggml_tensor* k, ggml_tensor* v,
                       float scale, const VisibleRange& visible_range, ggml_tensor* sinks) {
    const AttentionOperands operands{q, k, v, visible_range};
    check(operands);
    if (sinks != nullptr || Plan(q, k).n_chunk > 1)
        return merged(ctx, parts(ctx, operands, scale), sinks);
    return new_op(ctx, operands, scale, {q->ne[0] * q->ne[1], q->ne[2], 1, 1});
}

ggml_tensor* joint_attention(ggml_context* ctx, const AttentionOperands& a,
                             const AttentionOperands& b, float scale, ggml_tensor* sinks) {
    check(a);
    check(b);
    return merged(ctx, ggml_concat(ctx, parts(ctx, a, scale), parts(ctx, b, scale), 1), sinks);
}

}  // namespace infinipot::kernels
