// The steps of attention for one token, in F32. Included by AVX2 kernels only.
//
// M query heads, at most eight, share the entries of a KV head; each entry is decoded once for all.
// Lanes of scores are heads, so that softmax needs no sums across a register:
//
//     queries  [n_embd_head/8][M][8]  scaled, such that softmax is done in powers of two
//     scores   [n][8 heads]           then weights; heads from M on are 0, or any weight
//     results  [n_embd_head/8][M][8]
#pragma once

#include <immintrin.h>

#include <cstddef>

#include "tensor/kernels/entries_avx2.h"
#include "tensor/kernels/math_avx2.h"

namespace infinipot::kernels {
namespace {

/// Keys or values of consecutive entries.
struct Rows {
    const char* data;
    std::size_t bytes;  ///< from one to the next
    int n;
    int n_embd_head;

    const char* row(int i) const { return data + static_cast<std::size_t>(i) * bytes; }
};

/// The sums of M registers, one a lane; the other lanes are 0.
template <int M>
__m256 sums_of(const __m256 (&x)[M]) {
    const auto at = [&](int i) { return i < M ? x[i] : _mm256_setzero_ps(); };
    const auto sums_of_four = [&](int i) {  // in each half
        return _mm256_hadd_ps(_mm256_hadd_ps(at(i), at(i + 1)),
                              _mm256_hadd_ps(at(i + 2), at(i + 3)));
    };
    const __m256 first = sums_of_four(0);
    if (M <= 4) {
        return _mm256_zextps128_ps256(
            _mm_add_ps(_mm256_castps256_ps128(first), _mm256_extractf128_ps(first, 1)));
    }
    const __m256 second = sums_of_four(4);
    return _mm256_add_ps(_mm256_permute2f128_ps(first, second, 0x20),
                         _mm256_permute2f128_ps(first, second, 0x31));
}

/// q: [M][n_embd_head].
template <int M>
void load_queries(const float* q, std::size_t head_bytes, int n_embd_head, float scale,
                  float* queries) {
    constexpr float log2_e = 1.44269504f;
    const __m256 factor = _mm256_set1_ps(scale * log2_e);
    for (int at = 0; at < n_embd_head; at += lanes)
        for (int m = 0; m < M; ++m, queries += lanes) {
            const auto* head =
                reinterpret_cast<const char*>(q) + static_cast<unsigned>(m) * head_bytes;
            const __m256 x = _mm256_loadu_ps(reinterpret_cast<const float*>(head) + at);
            _mm256_storeu_ps(queries, _mm256_mul_ps(x, factor));
        }
}

/// Returns the highest scores.
template <EntryType type, int M>
__m256 score(const float* queries, const Rows& keys, float* scores) {
    __m256 max = _mm256_set1_ps(-__builtin_inff());
    for (int j = 0; j < keys.n; ++j) {
        __m256 sum[M];
        for (__m256& x : sum) x = _mm256_setzero_ps();
        for (int at = 0; at < keys.n_embd_head; at += lanes) {
            const __m256 x = elements<type>(keys.row(j), at);
#pragma GCC unroll 8
            for (int m = 0; m < M; ++m)
                sum[m] =
                    _mm256_fmadd_ps(x, _mm256_loadu_ps(queries + (at * M) + m * lanes), sum[m]);
        }
        const __m256 of_heads = sums_of<M>(sum);
        max = _mm256_max_ps(max, of_heads);
        _mm256_storeu_ps(scores + j * lanes, of_heads);
    }
    return max;
}

/// Turns n scores into weights, 2^(score - max), and returns their sums.
inline __m256 soften(float* scores, int n, __m256 max) {
    __m256 sum = _mm256_setzero_ps();
    for (int j = 0; j < n; ++j, scores += lanes) {
        const __m256 weight = power_of_two(_mm256_sub_ps(_mm256_loadu_ps(scores), max));
        sum = _mm256_add_ps(sum, weight);
        _mm256_storeu_ps(scores, weight);
    }
    return sum;
}

/// results += weights * values.
template <EntryType type, int M>
void add_values(const float* weights, const Rows& values, float* results) {
    constexpr int width =
        M <= 4 ? 2 : 1;  // registers of elements at a time: enough sums to overlap
    for (int at = 0; at < values.n_embd_head; at += width * lanes) {
        float* result = results + at * M;
        __m256 sum[width][M];
#pragma GCC unroll 8
        for (int i = 0; i < width * M; ++i) sum[i / M][i % M] = _mm256_loadu_ps(result + i * lanes);
        for (int j = 0; j < values.n; ++j) {
            __m256 x[width];
#pragma GCC unroll 2
            for (int i = 0; i < width; ++i) x[i] = elements<type>(values.row(j), at + i * lanes);
#pragma GCC unroll 8
            for (int m = 0; m < M; ++m) {
                const __m256 weight = _mm256_broadcast_ss(weights + j * lanes + m);
#pragma GCC unroll 2
                for (int i = 0; i < width; ++i)
                    sum[i][m] = _mm256_fmadd_ps(x[i], weight, sum[i][m]);
            }
        }
#pragma GCC unroll 8
        for (int i = 0; i < width * M; ++i) _mm256_storeu_ps(result + i * lanes, sum[i / M][i % M]);
    }
}

/// Calls f.operator()<M>(first head) for all heads, M at a time.
template <typename Function>
void by_heads(int n_head, Function f) {
    for (int first = 0; first < n_head; first += lanes) {
        switch (n_head - first) {
            case 1:
                return f.template operator()<1>(first);
            case 2:
                return f.template operator()<2>(first);
            case 3:
                return f.template operator()<3>(first);
            case 4:
                return f.template operator()<4>(first);
            case 5:
                return f.template operator()<5>(first);
            case 6:
                return f.template operator()<6>(first);
            case 7:
                return f.template operator()<7>(first);
            default:
                f.template operator()<lanes>(first);
        }
    }
}

/// Calls f(results of eight elements, head, first element) for all.
template <int M, typename Visit>
void for_each_result(float* results, int n_embd_head, Visit visit) {
    for (int at = 0; at < n_embd_head; at += lanes)
        for (int m = 0; m < M; ++m, results += lanes) visit(results, m, at);
}

}  // namespace
}  // namespace infinipot::kernels
