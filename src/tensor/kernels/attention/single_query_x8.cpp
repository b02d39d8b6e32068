// The kernel of attend_single_query() for eight floats at a time. Its steps are in
// query_heads_x8.h.
#include "tensor/kernels/attention/single_query_kernel.h"
#include "tensor/kernels/simd/f32s.h"

#ifdef INFINIPOT_HAS_F32S

#include "tensor/kernels/attention/query_heads_x8.h"

namespace infinipot::kernels {
namespace {

constexpr int tile = 64;  // entries whose values stay in the L1 cache
static_assert(query_lanes == lanes);

void add_mass(const SingleQuery& p, const float* weights, F32x8 inverse_sums, int n_head) {
    const F32x8 share =
        first_lanes(n_head, inverse_sums / all(static_cast<float>(p.n_head)), zero());
    for (int j = 0; j < p.n_kv; ++j) p.mass[j] += sum_of_lanes(load(weights + j * lanes) * share);
}

/// Returns the sinks of M heads, scaled for powers of two; of other heads, and if there are none,
/// numbers that any score outweighs.
F32x8 sinks_of(const SingleQuery& p, int first, int n_head) {
    constexpr float log2_e = 1.44269504f, none = -1e30f;
    alignas(32) float sinks[lanes];
    for (int m = 0; m < lanes; ++m)
        sinks[m] = p.sinks != nullptr && m < n_head ? log2_e * p.sinks[first + m] : none;
    return load(sinks);
}

/// Attends with M heads from `first` on.
template <EntryType type, int M>
void attend_heads(const SingleQuery& p, int first) {
    const int d = p.n_embd_head;
    float* queries = p.scratch;
    float* weights = queries + d * lanes;
    float* results = weights + p.n_kv * lanes;
    load_queries<M>(p.q + first * d, static_cast<unsigned>(d) * sizeof(float), d, p.scale, queries);
    F32x8 max = score<type, M>(queries, {p.k, p.k_bytes, p.n_kv, d}, weights);
    F32x8 of_sinks = zero();
    if (p.sinks != nullptr) {
        const F32x8 sinks = sinks_of(p, first, M);
        max = larger(sinks, max);
        of_sinks = power_of_two(sinks - max);
    }
    const F32x8 inverse_sums = all(1) / (softmax(weights, p.n_kv, max) + of_sinks);
    add_mass(p, weights, inverse_sums, M);

    __builtin_memset(results, 0, sizeof(float) * static_cast<unsigned>(d * M));
    for (int begin = 0; begin < p.n_kv; begin += tile) {
        const int n = p.n_kv - begin < tile ? p.n_kv - begin : tile;
        const char* values = p.v + static_cast<unsigned>(begin) * p.v_bytes;
        add_values<type, M>(weights + begin * lanes, {values, p.v_bytes, n, d}, results);
    }
    alignas(32) float inverse[lanes];
    store(inverse, inverse_sums);
    for_each_result<M>(results, d, [&](const float* result, int m, int at) {
        store(p.out + (first + m) * d + at, all(inverse[m]) * load(result));
    });
}

template <EntryType type>
void attend(const SingleQuery& p) {
    __builtin_memset(p.mass, 0, sizeof(float) * static_cast<unsigned>(p.n_kv));
    by_heads(p.n_head, [&]<int M>(int first) { attend_heads<type, M>(p, first); });
}

}  // namespace

SingleQueryKernel single_query_x8(EntryType type) {
    return of_type(type, []<EntryType of>() -> SingleQueryKernel { return attend<of>; });
}

}  // namespace infinipot::kernels

#else

namespace infinipot::kernels {
SingleQueryKernel single_query_x8(EntryType) { return nullptr; }
}  // namespace infinipot::kernels

#endif
