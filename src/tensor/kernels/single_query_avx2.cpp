// The AVX2 kernel of attend_single_query; its steps are in query_heads_avx2.h. No templates of the
// standard library here: see infinipot_kernel_flags in cmake/targets.cmake.
#include "tensor/kernels/single_query_layout.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include "tensor/kernels/query_heads_avx2.h"

namespace infinipot::kernels {
namespace {

constexpr int tile = 64;  // entries whose values stay in the L1 cache
static_assert(query_lanes == lanes);

void add_mass(const SingleQuery& p, const float* weights, __m256 inverse_sums, int n_head) {
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i counts = _mm256_cmpgt_epi32(_mm256_set1_epi32(n_head), index);
    const __m256 share =
        _mm256_and_ps(_mm256_castsi256_ps(counts),
                      _mm256_div_ps(inverse_sums, _mm256_set1_ps(static_cast<float>(p.n_head))));
    for (int j = 0; j < p.n_kv; ++j)
        p.mass[j] += sum_of_lanes(_mm256_mul_ps(_mm256_loadu_ps(weights + j * lanes), share));
}

/// M heads from `first` on.
template <EntryType type, int M>
void attend_heads(const SingleQuery& p, int first) {
    const int d = p.n_embd_head;
    float* queries = p.scratch;
    float* weights = queries + d * lanes;
    float* results = weights + p.n_kv * lanes;
    load_queries<M>(p.q + first * d, static_cast<unsigned>(d) * sizeof(float), d, p.scale, queries);
    const __m256 max = score<type, M>(queries, {p.k, p.k_bytes, p.n_kv, d}, weights);
    const __m256 inverse_sums = _mm256_div_ps(_mm256_set1_ps(1), soften(weights, p.n_kv, max));
    add_mass(p, weights, inverse_sums, M);

    __builtin_memset(results, 0, sizeof(float) * static_cast<unsigned>(d * M));
    for (int begin = 0; begin < p.n_kv; begin += tile) {
        const int n = p.n_kv - begin < tile ? p.n_kv - begin : tile;
        const char* values = p.v + static_cast<unsigned>(begin) * p.v_bytes;
        add_values<type, M>(weights + begin * lanes, {values, p.v_bytes, n, d}, results);
    }
    alignas(32) float inverse[lanes];
    _mm256_store_ps(inverse, inverse_sums);
    for_each_result<M>(results, d, [&](const float* result, int m, int at) {
        _mm256_storeu_ps(p.out + (first + m) * d + at,
                         _mm256_mul_ps(_mm256_set1_ps(inverse[m]), _mm256_loadu_ps(result)));
    });
}

template <EntryType type>
void attend(const SingleQuery& p) {
    __builtin_memset(p.mass, 0, sizeof(float) * static_cast<unsigned>(p.n_kv));
    by_heads(p.n_head, [&]<int M>(int first) { attend_heads<type, M>(p, first); });
}

}  // namespace

SingleQueryKernel single_query_avx2(EntryType type) {
    return of_type(type, []<EntryType of>() -> SingleQueryKernel { return attend<of>; });
}

}  // namespace infinipot::kernels

#else

namespace infinipot::kernels {
SingleQueryKernel single_query_avx2(EntryType) { return nullptr; }
}  // namespace infinipot::kernels

#endif
