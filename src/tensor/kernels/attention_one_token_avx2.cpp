// The AVX2 kernel of attention for one token, whose few rows would not pay for the tiles of
// attention_avx2.cpp: entries are read once, where they lie, by all heads that share them. Its
// steps are in query_heads_avx2.h.
//
// No templates of the standard library here: see infinipot_kernel_flags in cmake/targets.cmake.
#include "tensor/kernels/attention_layout.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include "tensor/kernels/query_heads_avx2.h"

namespace infinipot::kernels {
namespace {

constexpr int tile = 64;              // entries whose scores and values stay in the L1 cache
constexpr float lowest_max = -1e29f;  // the maximum of nothing

/// M heads from `first` on. Results are those of the entries so far, and relative to `max`.
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
    __m256 max = _mm256_set1_ps(lowest_max), sums = _mm256_setzero_ps();

    const int end = p.end < p.visible ? p.end : p.visible;
    for (int begin = p.begin; begin < end; begin += tile) {
        const int n = end - begin < tile ? end - begin : tile;
        const auto at_begin = static_cast<std::size_t>(begin);
        const __m256 highest =
            score<type, M>(queries, {p.k + at_begin * p.k_bytes, p.k_bytes, n, d}, weights);
        if (_mm256_movemask_ps(_mm256_cmp_ps(highest, max, _CMP_NLE_UQ))) {
            const __m256 new_max = _mm256_max_ps(max, highest);
            const __m256 factors = power_of_two(_mm256_sub_ps(max, new_max));
            sums = _mm256_mul_ps(sums, factors);
            max = new_max;
            _mm256_store_ps(of_head, factors);
            for_each_result<M>(results, d, [&](float* result, int m, int) {
                _mm256_store_ps(result,
                                _mm256_mul_ps(_mm256_set1_ps(of_head[m]), _mm256_load_ps(result)));
            });
        }
        sums = _mm256_add_ps(sums, soften(weights, n, max));
        add_values<type, M>(weights, {p.v + at_begin * p.v_bytes, p.v_bytes, n, d}, results);
    }

    alignas(32) float max_of_head[lanes];
    _mm256_store_ps(of_head, sums);
    _mm256_store_ps(max_of_head, max);
    for_each_result<M>(results, d, [&](const float* result, int m, int at) {
        const __m256 inverse = _mm256_set1_ps(ratio(1, of_head[m]));
        _mm256_storeu_ps(p.out + (first + m) * p.out_head_stride + at,
                         _mm256_mul_ps(inverse, _mm256_load_ps(result)));
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

AttentionKernel attention_one_token_avx2(EntryType type) {
    return of_type(type, []<EntryType of>() -> AttentionKernel { return attend<of>; });
}

}  // namespace infinipot::kernels

#else

namespace infinipot::kernels {
AttentionKernel attention_one_token_avx2(EntryType) { return nullptr; }
}  // namespace infinipot::kernels

#endif
