// The sum of exponentials of a vocabulary's logits, a panel of logits at a time, and its kernels.
#pragma once

namespace infinipot::kernels {

constexpr int most_sum_lanes = 16;  ///< partial sums that a kernel keeps of each token

/// What makes logits of products: cap * tanh(scale * y / cap), or scale * y if cap is 0.
struct LogitTransform {
    float scale = 1;
    float cap = 0;
};

/// Logits of 32 or 16 tokens of the vocabulary, behind several positions.
struct LogitPanel {
    const float* y;  ///< products, before the transform
    int y_stride;    ///< floats from one position to the next
    int n_rows;      ///< tokens of the vocabulary
    int n_tokens;    ///< positions
    LogitTransform transform;
};

/// Sums of exponentials of logits, of base 2: each position's sum is 2^max times the sum of its
/// lanes. Logits count times log2(e).
struct ExpSums {
    float* max;   ///< [n_tokens]; a logit that is not much below the largest so far
    float* sums;  ///< [n_tokens][most_sum_lanes]
};

/// Adds the exponentials of a panel.
using AddExponentials = void (*)(const LogitPanel& panel, const ExpSums& sums);

/// Return the kernels for AVX-512, and for AVX2 or NEON; nullptr if the compiler lacks the
/// instructions. The caller must check that the CPU has them.
AddExponentials add_exponentials_avx512();
AddExponentials add_exponentials_x8();

}  // namespace infinipot::kernels
