// The kernel of attention for one token. Its few rows would not repay the packing of tiles in
// tiled_x8.cpp. All heads that share the entries read them once, in place. Its steps are in
// query_heads_x8.h.
#include "tensor/kernels/attention/kernel.h"
#include "tensor/kernels/simd/f32s.h"

#ifdef INFINIPOT_HAS_F32S

#include "tensor/kernels/attention/query_heads_x8.h"

namespace infinipot::kernels {
namespace {

constexpr int tile = 64;              // entries whose scores and values stay in the L1 cache
constexpr float lowest_max = -1e29f;  // maximum of no scores

/// Attends with M heads from `first` on. Results cover the entries so far and are relative to
/// `max`.
template <EntryType type, int M>
void attend_heads(const AttentionPiece& p, int first) {
    const int d = p.n_embd_head;
    alignas(32) float queries[attention_max_head * M];
    alignas(32) float results[attention_max_head * M];
    alignas(32) float weights[tile * lanes];
    alignas(32) float of_head[lanes];
    load_queries<M>(
        reinterpret_cast<const float*>(p.q + static_cast<unsigned>(first) * p.q_head_bytes),
        p.q_head_bytes, d, p.scale, queries);
    __builtin_memset(results, 0, sizeof(float) * static_cast<unsigned>(d * M));
    F32x8 max = all(lowest_max), sums = zero();

    const int end = p.end < p.visible ? p.end : p.visible;
    for (int begin = p.begin; begin < end; begin += tile) {
        const int n = end - begin < tile ? end - begin : tile;
        const auto at_begin = static_cast<std::size_t>(begin);
        const F32x8 highest =
            score<type, M>(queries, {p.k + at_begin * p.k_bytes, p.k_bytes, n, d}, weights);
        if (any_not_within(highest, max)) {
            const F32x8 new_max = larger(max, highest);
            const F32x8 factors = power_of_two(max - new_max);
            sums = sums * factors;
            max = new_max;
            store(of_head, factors);
            for_each_result<M>(results, d, [&](float* result, int m, int) {
                store(result, all(of_head[m]) * load(result));
            });
        }
        sums = sums + softmax(weights, n, max);
        add_values<type, M>(weights, {p.v + at_begin * p.v_bytes, p.v_bytes, n, d}, results);
    }

    alignas(32) float max_of_head[lanes];
    store(of_head, sums);
    store(max_of_head, max);
    for_each_result<M>(results, d, [&](const float* result, int m, int at) {
        const F32x8 inverse = all(ratio(1, of_head[m]));
        store(p.out + (first + m) * p.out_head_stride + at, inverse * load(result));
    });
    if (!p.wants_lse) return;
    for (int m = 0; m < M; ++m)
        p.out[(first + m) * p.out_head_stride + d] =
            of_head[m] > 0 ? max_of_head[m] + __builtin_log2f(of_head[m]) : -__builtin_inff();
}

template <EntryType type>
void attend(const AttentionPiece& p) {
    by_heads(p.n_head, [&]<int M>(int first) { attend_heads<type, M>(p, first); });
}

}  // namespace

AttentionKernel attention_one_token_x8(EntryType type) {
    return of_type(type, []<EntryType of>() -> AttentionKernel { return attend<of>; });
}

}  // namespace infinipot::kernels

#else

namespace infinipot::kernels {
AttentionKernel attention_one_token_x8(EntryType) { return nullptr; }
}  // namespace infinipot::kernels

#endif
