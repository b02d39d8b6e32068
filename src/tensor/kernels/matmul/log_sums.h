// Log-probabilities of tokens without their logits: Y = W X is summed up as exponentials, panel by
// panel, while it is in the cache, and never written to memory.
#pragma once

#include <ggml.h>

#include <cstdint>
#include <span>

#include "tensor/kernels/matmul/exp_sums.h"

namespace infinipot::kernels {

/// The tokens of a vocabulary that are summed up: panels of 32 adjacent tokens (row_panel), the
/// last of which may have 16.
struct SummedTokens {
    std::int64_t n_out;                    ///< size of the vocabulary
    std::span<const std::int32_t> panels;  ///< ascending; empty: all. Must outlive the graph.
};

/// Returns how many parts of the tokens log_sums() sums up, each on one thread.
int n_log_sums(const SummedTokens& summed);

/// Builds, behind each position, ln of the sums of exp(logit) over the parts of the tokens, and as
/// the last row the logit of one token, which need not be among them:
/// F32 [n_log_sums(summed) + 1, T]. targets: I32 [T]. packed, x8, type: as for matmul(), which must
/// be supported.
///
/// Precision: logits as matmul() computes them; a sum has a relative error below 1e-5. A column of
/// the result depends on its own column of X alone, bit for bit, on any number of threads.
ggml_tensor* log_sums(ggml_context* ctx, ggml_type type, ggml_tensor* packed, ggml_tensor* x8,
                      const SummedTokens& summed, const LogitTransform& transform,
                      ggml_tensor* targets);

}  // namespace infinipot::kernels
