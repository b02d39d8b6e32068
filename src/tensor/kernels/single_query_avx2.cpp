// The AVX2 kernel of attend_single_query. Lanes are query heads, eight at a time, so that softmax
// needs no sums across a register:
//
//     queries  [n_embd_head/8][8 heads][8]  scaled
//     weights  [n_kv][8 heads]              scores, then 2^(score - max)
//     results  [n_embd_head/8][8 heads][8]
//
// An entry is decoded once for eight heads, and again for the next eight. No templates of the
// standard library here: see infinipot_kernel_flags in cmake/targets.cmake.
#include "tensor/kernels/single_query_layout.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include "tensor/kernels/entries_avx2.h"
#include "tensor/kernels/math_avx2.h"

namespace infinipot::kernels {
namespace {

constexpr int tile = 64;  // entries whose values stay in the L1 cache
static_assert(query_lanes == lanes);

/// The sums of eight registers, one a lane.
__m256 sums_of(const __m256 (&x)[lanes]) {
    const __m256 ab = _mm256_hadd_ps(x[0], x[1]), cd = _mm256_hadd_ps(x[2], x[3]);
    const __m256 ef = _mm256_hadd_ps(x[4], x[5]), gh = _mm256_hadd_ps(x[6], x[7]);
    const __m256 abcd = _mm256_hadd_ps(ab, cd), efgh = _mm256_hadd_ps(ef, gh);
    return _mm256_add_ps(_mm256_permute2f128_ps(abcd, efgh, 0x20),
                         _mm256_permute2f128_ps(abcd, efgh, 0x31));
}

/// Eight heads of a query, of which `n_head` count and the others are zero.
struct Heads {
    const SingleQuery& p;
    int first, n_head;
    float *queries, *weights, *results;

    Heads(const SingleQuery& query, int first_head)
        : p(query),
          first(first_head),
          n_head(query.n_head - first_head < lanes ? query.n_head - first_head : lanes),
          queries(query.scratch),
          weights(queries + query.n_embd_head * lanes),
          results(weights + query.n_kv * lanes) {}

    void load_queries() const {
        constexpr float log2_e = 1.44269504f;
        const __m256 scale = _mm256_set1_ps(p.scale * log2_e);
        for (int at = 0; at < p.n_embd_head; at += lanes)
            for (int h = 0; h < lanes; ++h) {
                const float* q = p.q + (first + h) * p.n_embd_head + at;
                const __m256 x = h < n_head ? _mm256_loadu_ps(q) : _mm256_setzero_ps();
                _mm256_storeu_ps(queries + at * lanes + h * lanes, _mm256_mul_ps(x, scale));
            }
    }

    /// Returns the highest scores.
    template <EntryType type>
    __m256 score() const {
        __m256 max = _mm256_set1_ps(-__builtin_inff());
        for (int j = 0; j < p.n_kv; ++j) {
            const char* entry = p.k + static_cast<std::size_t>(j) * p.k_bytes;
            __m256 sum[lanes];
            for (__m256& x : sum) x = _mm256_setzero_ps();
            for (int at = 0; at < p.n_embd_head; at += lanes) {
                const __m256 x = elements<type>(entry, at);
                const float* q = queries + at * lanes;
#pragma GCC unroll 8
                for (int h = 0; h < lanes; ++h)
                    sum[h] = _mm256_fmadd_ps(x, _mm256_loadu_ps(q + h * lanes), sum[h]);
            }
            const __m256 scores = sums_of(sum);
            max = _mm256_max_ps(max, scores);
            _mm256_storeu_ps(weights + j * lanes, scores);
        }
        return max;
    }

    /// Turns scores into weights and returns what one over their sums is.
    __m256 soften(__m256 max) const {
        __m256 sum = _mm256_setzero_ps();
        for (int j = 0; j < p.n_kv; ++j) {
            float* at = weights + j * lanes;
            const __m256 weight = power_of_two(_mm256_sub_ps(_mm256_loadu_ps(at), max));
            sum = _mm256_add_ps(sum, weight);
            _mm256_storeu_ps(at, weight);
        }
        return _mm256_div_ps(_mm256_set1_ps(1), sum);
    }

    void add_mass(__m256 inverse_sums) const {
        const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        const __m256i counts = _mm256_cmpgt_epi32(_mm256_set1_epi32(n_head), index);
        const __m256 share = _mm256_and_ps(
            _mm256_castsi256_ps(counts),
            _mm256_div_ps(inverse_sums, _mm256_set1_ps(static_cast<float>(p.n_head))));
        for (int j = 0; j < p.n_kv; ++j)
            p.mass[j] += sum_of_lanes(_mm256_mul_ps(_mm256_loadu_ps(weights + j * lanes), share));
    }

    template <EntryType type>
    void add_values() const {
        for (int at = 0; at < p.n_embd_head * lanes; at += lanes)
            _mm256_storeu_ps(results + at, _mm256_setzero_ps());
        for (int begin = 0; begin < p.n_kv; begin += tile) {
            const int end = begin + tile < p.n_kv ? begin + tile : p.n_kv;
            for (int at = 0; at < p.n_embd_head; at += lanes) {
                float* result = results + at * lanes;
                __m256 sum[lanes];
#pragma GCC unroll 8
                for (int h = 0; h < lanes; ++h) sum[h] = _mm256_loadu_ps(result + h * lanes);
                for (int j = begin; j < end; ++j) {
                    const __m256 x =
                        elements<type>(p.v + static_cast<std::size_t>(j) * p.v_bytes, at);
                    const float* weight = weights + j * lanes;
#pragma GCC unroll 8
                    for (int h = 0; h < lanes; ++h)
                        sum[h] = _mm256_fmadd_ps(x, _mm256_broadcast_ss(weight + h), sum[h]);
                }
#pragma GCC unroll 8
                for (int h = 0; h < lanes; ++h) _mm256_storeu_ps(result + h * lanes, sum[h]);
            }
        }
    }

    void store_results(__m256 inverse_sums) const {
        float inverse[lanes];
        _mm256_storeu_ps(inverse, inverse_sums);
        for (int h = 0; h < n_head; ++h)
            for (int at = 0; at < p.n_embd_head; at += lanes)
                _mm256_storeu_ps(p.out + (first + h) * p.n_embd_head + at,
                                 _mm256_mul_ps(_mm256_set1_ps(inverse[h]),
                                               _mm256_loadu_ps(results + (at + h) * lanes)));
    }
};

template <EntryType type>
void attend(const SingleQuery& p) {
    __builtin_memset(p.mass, 0, sizeof(float) * static_cast<unsigned>(p.n_kv));
    for (int first = 0; first < p.n_head; first += lanes) {
        const Heads heads(p, first);
        heads.load_queries();
        const __m256 inverse_sums = heads.soften(heads.score<type>());
        heads.add_mass(inverse_sums);
        heads.add_values<type>();
        heads.store_results(inverse_sums);
    }
}

}  // namespace

SingleQueryKernel single_query_avx2(EntryType type) {
    switch (type) {
        case EntryType::f16:
            return attend<EntryType::f16>;
        case EntryType::bf16:
            return attend<EntryType::bf16>;
        case EntryType::q8_0:
            return attend<EntryType::q8_0>;
        case EntryType::q4_0:
            return attend<EntryType::q4_0>;
        case EntryType::other:
            break;
    }
    return nullptr;
}

}  // namespace infinipot::kernels

#else

namespace infinipot::kernels {
SingleQueryKernel single_query_avx2(EntryType) { return nullptr; }
}  // namespace infinipot::kernels

#endif
