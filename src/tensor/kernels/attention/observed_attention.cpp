#include "tensor/kernels/attention/observed_attention.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdint>

#include "tensor/kernels/attention/single_query.h"
#include "tensor/kernels/work_queue.h"

namespace infinipot::kernels {
namespace {

constexpr int64_t enough_pieces = 8;  // so that threads can share the work

/// Division of one call into pieces, by KV head and run of tokens, the same for any number of
/// threads. Memory of the first node: results [n_embd_head * n_head, T], then for each piece its
/// share of the mass [n_kv], one token's mass [n_kv] and scratch.
struct Layout {
    int64_t n_embd_head, n_head, n_tokens, n_kv, n_head_kv, group;
    int64_t n_run, scratch, piece;  // number of runs; floats of scratch, floats of a piece

    Layout(const ggml_tensor* q, const ggml_tensor* k)
        : n_embd_head(q->ne[0]),
          n_head(q->ne[1]),
          n_tokens(q->ne[2]),
          n_kv(k->ne[1]),
          n_head_kv(k->ne[2]),
          group(n_head / n_head_kv),
          n_run(std::min((enough_pieces + n_head_kv - 1) / n_head_kv, n_tokens)),
          scratch(static_cast<int64_t>(
              single_query_scratch(static_cast<int>(n_embd_head), static_cast<int>(n_kv)))),
          piece(2 * n_kv + scratch) {}

    int64_t results() const { return n_embd_head * n_head * n_tokens; }
    int64_t size() const { return results() + n_head_kv * n_run * piece; }
    float* share(const ggml_tensor* node, int64_t head_kv, int64_t run) const {
        return static_cast<float*>(node->data) + results() + (head_kv * n_run + run) * piece;
    }
};

const char* row(const ggml_tensor* tensor, int64_t i1, int64_t i2) {
    return static_cast<const char*>(tensor->data) + i1 * static_cast<int64_t>(tensor->nb[1]) +
           i2 * static_cast<int64_t>(tensor->nb[2]);
}

void attend_op(ggml_tensor* dst, int /*ith*/, int nth, void* userdata) {
    const ggml_tensor *q = dst->src[0], *k = dst->src[1], *v = dst->src[2];
    const Layout l(q, k);
    const auto scale =
        std::bit_cast<float>(static_cast<uint32_t>(std::bit_cast<uintptr_t>(userdata)));
    const auto* sinks = dst->src[3] ? static_cast<const float*>(dst->src[3]->data) : nullptr;
    WorkQueue queue(dst, l.n_head_kv * l.n_run, nth);
    for (int64_t piece = queue.draw(); piece >= 0; piece = queue.draw()) {
        const int64_t head_kv = piece % l.n_head_kv, run = piece / l.n_head_kv;
        float* const share = l.share(dst, head_kv, run);
        float* const mass = share + l.n_kv;
        std::fill_n(share, l.n_kv, 0.0f);
        const int64_t end = l.n_tokens * (run + 1) / l.n_run;
        for (int64_t t = l.n_tokens * run / l.n_run; t < end; ++t) {
            const int64_t n_seen = l.n_kv - l.n_tokens + t + 1;
            attend_single_query({.type = k->type,
                                 .n_embd_head = static_cast<int>(l.n_embd_head),
                                 .n_head = static_cast<int>(l.group),
                                 .n_kv = static_cast<int>(n_seen),
                                 .scale = scale,
                                 .q = reinterpret_cast<const float*>(row(q, head_kv * l.group, t)),
                                 .sinks = sinks ? sinks + head_kv * l.group : nullptr,
                                 .k = row(k, 0, head_kv),
                                 .v = row(v, 0, head_kv),
                                 .k_bytes = k->nb[1],
                                 .v_bytes = v->nb[1],
                                 .scratch = mass + l.n_kv,
                                 .out = static_cast<float*>(dst->data) +
                                        (t * l.n_head + head_kv * l.group) * l.n_embd_head,
                                 .mass = mass});
            for (int64_t j = 0; j < n_seen; ++j) share[j] += mass[j];
        }
    }
}

/// Adds up the pieces' shares of the mass. dst: the mass; its other sources: q, k, the first node.
void sum_op(ggml_tensor* dst, int ith, int nth, void* /*userdata*/) {
    const Layout l(dst->src[1], dst->src[2]);
    for (int64_t head_kv = ith; head_kv < l.n_head_kv; head_kv += nth) {
        auto* sum = reinterpret_cast<float*>(static_cast<char*>(dst->data) +
                                             head_kv * static_cast<int64_t>(dst->nb[1]));
        std::fill_n(sum, l.n_kv, 0.0f);
        for (int64_t run = 0; run < l.n_run; ++run) {
            const float* share = l.share(dst->src[3], head_kv, run);
            for (int64_t j = 0; j < l.n_kv; ++j) sum[j] += share[j];
        }
    }
}

}  // namespace

ObservedAttention observed_attention(ggml_context* ctx, ggml_tensor* q, ggml_tensor* k,
                                     ggml_tensor* v, float scale, ggml_tensor* mass,
                                     ggml_tensor* sinks) {
    assert(single_query_supported(k->type, static_cast<int>(q->ne[0])));
    assert(q->type == GGML_TYPE_F32 && q->nb[1] == static_cast<size_t>(q->ne[0]) * sizeof(float));
    assert(k->type == v->type && ggml_are_same_shape(k, v) && k->ne[1] >= q->ne[2]);
    assert(mass->type == GGML_TYPE_F32 && mass->ne[0] >= k->ne[1] && mass->ne[1] == k->ne[2]);
    void* scale_bits = std::bit_cast<void*>(uintptr_t{std::bit_cast<uint32_t>(scale)});
    const Layout l(q, k);
    assert(sinks == nullptr || (sinks->type == GGML_TYPE_F32 && sinks->ne[0] == l.n_head));
    ggml_tensor* args[] = {q, k, v, sinks};
    ggml_tensor* node =
        ggml_custom_4d(ctx, GGML_TYPE_F32, l.size(), 1, 1, 1, args, sinks == nullptr ? 3 : 4,
                       attend_op, GGML_N_TASKS_MAX, scale_bits);
    ggml_tensor* of_sum[] = {q, k, node};
    const int64_t n_embd = l.n_embd_head * l.n_head;
    return {.attended = ggml_view_2d(ctx, node, n_embd, l.n_tokens,
                                     static_cast<std::size_t>(n_embd) * sizeof(float), 0),
            .mass = ggml_custom_inplace(ctx, mass, of_sum, 3, sum_op, GGML_N_TASKS_MAX, nullptr)};
}

}  // namespace infinipot::kernels
