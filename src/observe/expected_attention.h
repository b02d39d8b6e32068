#pragma once

#include <span>

#include "cache/kv_cache.h"
#include "cache/rotation_table.h"
#include "observe/query_statistics.h"

namespace infinipot {

/// Expected attention of queries drawn from a normal distribution: per query head
/// softmax_t(s mu·k_t + s² k_tᵀ Σ k_t / 2), averaged over the query heads of a group.
/// s is the layer's attention scale, in general 1 / √d; k_t are the rotated keys. mu and Σ are the
/// mean and covariance of the queries seen, rotated by the mean rotation of the next positions.
/// Soft caps and windows are ignored. Source: Expected Attention (Devoto et al. 2025, arXiv
/// 2510.00636), Eq. 6 to 8.
struct ExpectedAttentionInputs {
    ggml_tensor* mean;        ///< F32 [n_embd_head, 1, n_head]
    ggml_tensor* covariance;  ///< F32 [n_embd_head, n_embd_head, n_head]
};

/// Builds the expected attention. The softmax leaves out the entries before `first`.
/// The keys are those of layer il of a cache, the first n_kv entries; sinks: F32 [n_head] or null,
/// logits that take part in the softmax. Result: F32 [n_kv - first, n_head_kv].
ggml_tensor* build_expected_attention(ggml_context* context, const KvCache& cache, int il,
                                      int first, int n_kv, int n_head, float scale,
                                      ggml_tensor* sinks, ExpectedAttentionInputs& inputs);

/// Number of next positions at which queries are expected.
constexpr int n_future_positions = 512;

/// Rotates mean [n_head, n_embd_head] and covariance [n_head, n_embd_head, n_embd_head] in place by
/// the mean rotation of the positions first..first + n_future_positions - 1.
void rotate_to_future(const RotationTable& table, int first, int n_embd_head, std::span<float> mean,
                      std::span<float> covariance);

}  // namespace infinipot
