// The tiles of entries that attention_avx512.cpp works on, and the product it does with them.
// Included by that file only.
//
// Products are of 16-bit integers with exact 32-bit sums: twice as many in a cycle as of F32.
// vpdpwssd multiplies pairs with pairs and adds both products to an int32, so integers are paired
// along the axis that is summed, and a pair is an int32 to us:
//
//     keys     [n_embd_head/2][64]   elements (i, i + 16) of an entry; lanes are entries
//     values   [32][n_embd_head]     entries (j, j + 16); lanes are elements
//     queries  [row][n_embd_head/2]  as in keys
//     weights  [row][32]             as in values
//
// Scales are chosen so that no sum can overflow and little precision is lost. Scores:
// Σ|q k| <= ‖q‖ ‖k‖, the latter bounded for the whole tile. Results: Σ|w v| <= Σw max|v|.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)  // false alarms inside the intrinsics (GCC PR105593)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace infinipot::kernels {
namespace {

constexpr int lanes = 16;
constexpr int tile = 64;  // entries
constexpr float int16_max = 32767;
constexpr float query_norm = 30000;  // times key_norm: 2^31, with some room for rounding
constexpr float key_norm = 71000;
constexpr float weight_sum = 65000;  // times int16_max: likewise

/// As __m512i, but GCC keeps arrays of it in registers.
using Int32x16 = int32_t __attribute__((vector_size(64)));

/// (low, high) of each lane as 16-bit integers: round(x * inverse).
__m512i quantize_pairs(__m512 low, __m512 high, __m512 inverse) {
    const __m512i l = _mm512_cvtps_epi32(_mm512_mul_ps(low, inverse));
    const __m512i h = _mm512_cvtps_epi32(_mm512_mul_ps(high, inverse));
    return _mm512_mask_blend_epi16(0xAAAAAAAA, l, _mm512_slli_epi32(h, 16));
}

/// a / b, or 0 where there is nothing to divide by.
float ratio(float a, float b) { return b > 1e-30f ? a / b : 0; }

/// Memory that is needed next, brought into the cache line by line between the work of now: asked
/// for all at once, or left to the CPU's own guessing, it comes at half the speed.
struct Ahead {
    const char* at;
    const char* end;
    void fetch_line() {
        if (at >= end) return;
        _mm_prefetch(at, _MM_HINT_T0);
        at += 64;
    }
};

/// Some of the entries of a KV head: rows of F16, `entry_bytes` apart.
struct Entries {
    const char* data;
    std::size_t entry_bytes;
    int n;
    int n_embd_head;

    __m512 load(int entry, int at) const {  // entries past the end repeat the last one
        const auto row = static_cast<std::size_t>(entry < n ? entry : n - 1);
        return _mm512_cvtph_ps(_mm256_loadu_si256(
            reinterpret_cast<const __m256i*>(data + row * entry_bytes + at * 2)));
    }

    /// No element is larger than `max` in magnitude, and no entry has a norm above `norm`.
    struct Bounds {
        float max, norm;
    };

    Bounds bounds() const {  // norm: that of an entry that were as large as the largest everywhere
        const __m256i magnitude = _mm256_set1_epi16(0x7fff);
        __m512 max = _mm512_setzero_ps(), squares = _mm512_setzero_ps();
        for (int at = 0; at < n_embd_head; at += lanes) {
            __m256i most = _mm256_setzero_si256();  // F16 without signs compare like integers
            for (int entry = 0; entry < n; ++entry) {
                const auto* from = data + static_cast<std::size_t>(entry) * entry_bytes + at * 2;
                const __m256i halves = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
                most = _mm256_max_epi16(most, _mm256_and_si256(halves, magnitude));
            }
            const __m512 largest = _mm512_cvtph_ps(most);
            max = _mm512_max_ps(max, largest);
            squares = _mm512_fmadd_ps(largest, largest, squares);
        }
        return {_mm512_reduce_max_ps(max), __builtin_sqrtf(_mm512_reduce_add_ps(squares))};
    }

    Ahead ahead() const {
        const auto bytes = static_cast<std::size_t>(n_embd_head) * 2;
        if (n <= 0 || entry_bytes != bytes) return {nullptr, nullptr};
        return {data, data + static_cast<std::size_t>(n) * bytes};
    }
};

/// Transposes 16 x 16: four times, rows i and i + 8 are interleaved.
void transpose(__m512i (&rows)[lanes]) {
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
#pragma GCC unroll 4
    for (int round = 0; round < 4; ++round) {
        __m512i next[lanes];
#pragma GCC unroll 8
        for (int i = 0; i < lanes / 2; ++i) {
            next[2 * i] = _mm512_permutex2var_epi32(rows[i], low, rows[i + lanes / 2]);
            next[2 * i + 1] = _mm512_permutex2var_epi32(rows[i], high, rows[i + lanes / 2]);
        }
#pragma GCC unroll 16
        for (int i = 0; i < lanes; ++i) rows[i] = next[i];
    }
}

/// Writes a tile of keys, n_embd_head rounded up to a multiple of 32, and returns their scale.
float load_keys(const Entries& k, int32_t* out, Ahead& ahead) {
    const Entries::Bounds bounds = k.bounds();
    const float by_max = bounds.max / int16_max, by_norm = bounds.norm / key_norm;
    const float scale = by_max > by_norm ? by_max : by_norm;
    const __m512 inverse = _mm512_set1_ps(ratio(1, scale));
    for (int entry = 0; entry < tile; entry += lanes)
        for (int at = 0; at < k.n_embd_head; at += 2 * lanes) {
            for (int i = 0; i < 8; ++i) ahead.fetch_line();
            const bool is_half = at + lanes == k.n_embd_head;
            __m512i rows[lanes];
#pragma GCC unroll 16
            for (int i = 0; i < lanes; ++i)
                rows[i] = quantize_pairs(
                    k.load(entry + i, at),
                    is_half ? _mm512_setzero_ps() : k.load(entry + i, at + lanes), inverse);
            transpose(rows);
#pragma GCC unroll 16
            for (int i = 0; i < lanes; ++i)
                _mm512_store_si512(out + (at / 2 + i) * tile + entry, rows[i]);
        }
    return scale;
}

/// Writes a tile of values and returns their scale.
float load_values(const Entries& v, int32_t* out, Ahead& ahead) {
    const float scale = v.bounds().max / int16_max;
    const __m512 inverse = _mm512_set1_ps(ratio(1, scale));
    for (int pair = 0; pair < tile / 2; ++pair)
        for (int at = 0; at < v.n_embd_head; at += lanes) {
            if (at % 32 == 0) ahead.fetch_line();
            const int entry = pair < lanes ? pair : pair + lanes;
            _mm512_store_si512(
                out + pair * v.n_embd_head + at,
                quantize_pairs(v.load(entry, at), v.load(entry + lanes, at), inverse));
        }
    return scale;
}

/// c[M][16 N] = factors[M] * c + scales[M] * a[M][n] b[n][16 N], where a and b are of pairs.
/// Without factors c is written only. Strides are from row to row.
template <int M, int N>
void multiply_block(const int32_t* a, int a_stride, const int32_t* b, int b_stride, int n,
                    const float* scales, const float* factors, float* c, int c_stride,
                    Ahead& ahead) {
    Int32x16 sum[M][N];
#pragma GCC unroll 6
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 4
        for (int i = 0; i < N; ++i) sum[m][i] = Int32x16{};
    for (int k = 0; k < n; ++k) {
        ahead.fetch_line();
        ahead.fetch_line();
        __m512i row[N];
#pragma GCC unroll 4
        for (int i = 0; i < N; ++i) row[i] = _mm512_load_si512(b + k * b_stride + i * lanes);
#pragma GCC unroll 6
        for (int m = 0; m < M; ++m) {
            const __m512i repeated = _mm512_set1_epi32(a[m * a_stride + k]);
#pragma GCC unroll 4
            for (int i = 0; i < N; ++i)
                sum[m][i] = Int32x16(_mm512_dpwssd_epi32(__m512i(sum[m][i]), repeated, row[i]));
        }
    }
#pragma GCC unroll 6
    for (int m = 0; m < M; ++m) {
        const __m512 scale = _mm512_set1_ps(scales[m]);
#pragma GCC unroll 4
        for (int i = 0; i < N; ++i) {
            float* at = c + m * c_stride + i * lanes;
            const __m512 before =
                factors ? _mm512_mul_ps(_mm512_set1_ps(factors[m]), _mm512_load_ps(at))
                        : _mm512_setzero_ps();
            _mm512_store_ps(at,
                            _mm512_fmadd_ps(_mm512_cvtepi32_ps(__m512i(sum[m][i])), scale, before));
        }
    }
}

/// The same for any width that is a multiple of 16.
template <int M>
void multiply(const int32_t* a, int a_stride, const int32_t* b, int b_stride, int n,
              const float* scales, const float* factors, float* c, int width, Ahead& ahead) {
    int at = 0;
    for (; at + 4 * lanes <= width; at += 4 * lanes)
        multiply_block<M, 4>(a, a_stride, b + at, b_stride, n, scales, factors, c + at, width,
                             ahead);
    if (const int rest = width - at; rest == 3 * lanes)
        multiply_block<M, 3>(a, a_stride, b + at, b_stride, n, scales, factors, c + at, width,
                             ahead);
    else if (rest == 2 * lanes)
        multiply_block<M, 2>(a, a_stride, b + at, b_stride, n, scales, factors, c + at, width,
                             ahead);
    else if (rest == lanes)
        multiply_block<M, 1>(a, a_stride, b + at, b_stride, n, scales, factors, c + at, width,
                             ahead);
}

}  // namespace
}  // namespace infinipot::kernels
