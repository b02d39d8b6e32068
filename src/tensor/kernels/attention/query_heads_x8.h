// The steps of attention for one token, in F32. Included by the kernels *_x8.cpp only.
//
// M query heads, at most eight, share the entries of a KV head. Each entry is decoded once for all
// of them. The lanes of scores are heads, so that softmax needs no sums across a register:
//
//     queries  [n_embd_head/8][M][8]  scaled so that softmax uses powers of two
//     scores   [n][8 heads]           later weights; heads from M on are 0 or any weight
//     results  [n_embd_head/8][M][8]
#pragma once

#include <cstddef>

#include "tensor/kernels/attention/entries.h"
#include "tensor/kernels/simd/f32s.h"

namespace infinipot::kernels {
namespace {

/// Keys or values of consecutive entries.
struct Rows {
    const char* data;
    std::size_t bytes;  ///< from one row to the next
    int n;
    int n_embd_head;

    const char* row(int i) const { return data + static_cast<std::size_t>(i) * bytes; }
};

/// Loads and scales queries. q: [M][n_embd_head].
template <int M>
void load_queries(const float* q, std::size_t head_bytes, int n_embd_head, float scale,
                  float* queries) {
    constexpr float log2_e = 1.44269504f;
    const F32x8 factor = all(scale * log2_e);
    for (int at = 0; at < n_embd_head; at += lanes)
        for (int m = 0; m < M; ++m, queries += lanes) {
            const auto* head =
                reinterpret_cast<const char*>(q) + static_cast<unsigned>(m) * head_bytes;
            const F32x8 x = load(reinterpret_cast<const float*>(head) + at);
            store(queries, x * factor);
        }
}

/// Returns the highest score of each head, or NaN for a head with a score that is not finite.
template <EntryType type, int M>
F32x8 score(const float* queries, const Rows& keys, float* scores) {
    F32x8 max = all(-__builtin_inff()), not_finite = zero();
    for (int j = 0; j < keys.n; ++j) {
        F32x8 sum[M];
        for (F32x8& x : sum) x = zero();
        for (int at = 0; at < keys.n_embd_head; at += lanes) {
            const F32x8 x = elements<type>(keys.row(j), at);
#pragma GCC unroll 8
            for (int m = 0; m < M; ++m)
                sum[m] = fma(x, load(queries + (at * M) + m * lanes), sum[m]);
        }
        const F32x8 of_heads = sums_of<M>(sum);
        max = larger(max, of_heads);
        not_finite = fma(of_heads, zero(), not_finite);
        store(scores + j * lanes, of_heads);
    }
    return max + not_finite;
}

/// Turns n scores into weights, 2^(score - max), and returns their sum for each head.
inline F32x8 softmax(float* scores, int n, F32x8 max) {
    F32x8 sum = zero();
    for (int j = 0; j < n; ++j, scores += lanes) {
        const F32x8 weight = power_of_two(load(scores) - max);
        sum = sum + weight;
        store(scores, weight);
    }
    return sum;
}

/// Computes results += weights * values.
template <EntryType type, int M>
void add_values(const float* weights, const Rows& values, float* results) {
    constexpr int width =
        M <= 4 ? 2 : 1;  // registers of elements at a time: enough sums that overlap
    for (int at = 0; at < values.n_embd_head; at += width * lanes) {
        float* result = results + at * M;
        F32x8 sum[width][M];
#pragma GCC unroll 8
        for (int i = 0; i < width * M; ++i) sum[i / M][i % M] = load(result + i * lanes);
        for (int j = 0; j < values.n; ++j) {
            F32x8 x[width];
#pragma GCC unroll 2
            for (int i = 0; i < width; ++i) x[i] = elements<type>(values.row(j), at + i * lanes);
#pragma GCC unroll 8
            for (int m = 0; m < M; ++m) {
                const F32x8 weight = all(weights[j * lanes + m]);
#pragma GCC unroll 2
                for (int i = 0; i < width; ++i) sum[i][m] = fma(x[i], weight, sum[i][m]);
            }
        }
#pragma GCC unroll 8
        for (int i = 0; i < width * M; ++i) store(result + i * lanes, sum[i / M][i % M]);
    }
}

/// Calls f.operator()<M>(first head) for all heads, up to eight at a time.
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

/// Calls visit(results of eight elements, head, first element) for all results.
template <int M, typename Visit>
void for_each_result(float* results, int n_embd_head, Visit visit) {
    for (int at = 0; at < n_embd_head; at += lanes)
        for (int m = 0; m < M; ++m, results += lanes) visit(results, m, at);
}

}  // namespace
}  // namespace infinipot::kernels
