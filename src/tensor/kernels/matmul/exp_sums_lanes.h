// The kernel of exp_sums.h for any number of lanes. Included by its two sources only, behind
// f32s.h.
#pragma once

#include "tensor/kernels/matmul/exp_sums.h"

namespace infinipot::kernels {
namespace {

constexpr float log2_e = 1.44269504f;
constexpr float most_above_max = 16;  // a term of at most 2^16 does not overflow a sum

inline F32s negative(F32s x) { return zero() - x; }

/// Returns tanh(x) with an absolute error of 1e-6.
inline F32s hyperbolic_tangent(F32s x) {
    x = larger(all(-30), negative(larger(all(-30), negative(x))));
    return all(1) - all(2) / (all(1) + power_of_two(x * all(2 * log2_e)));
}

/// Returns logits times log2(e).
inline F32s exponents(F32s y, const LogitTransform& transform) {
    if (transform.cap == 0) return y * all(transform.scale * log2_e);
    return hyperbolic_tangent(y * all(transform.scale / transform.cap)) *
           all(transform.cap * log2_e);
}

/// Adds the exponentials of n registers of each position's logits.
template <int n>
void add_registers(const LogitPanel& p, const ExpSums& to) {
    for (int token = 0; token < p.n_tokens; ++token) {
        const float* y = p.y + static_cast<long>(token) * p.y_stride;
        float* sums = to.sums + token * most_sum_lanes;
        F32s x[n];
        for (int i = 0; i < n; ++i) x[i] = exponents(load(y + i * lanes), p.transform);
        F32s highest = x[0];
        for (int i = 1; i < n; ++i) highest = larger(highest, x[i]);
        F32s sum = load(sums);
        if (any_above(highest, all(to.max[token] + most_above_max))) {
            const float max = largest_lane(highest);
            sum = sum * power_of_two(all(to.max[token] - max));
            to.max[token] = max;
        }
        const F32s max = all(to.max[token]);
        for (int i = 0; i < n; ++i) sum = sum + power_of_two(x[i] - max);
        store(sums, sum);
    }
}

void add_exponentials(const LogitPanel& p, const ExpSums& to) {
    p.n_rows == 32 ? add_registers<32 / lanes>(p, to) : add_registers<16 / lanes>(p, to);
}

}  // namespace
}  // namespace infinipot::kernels
