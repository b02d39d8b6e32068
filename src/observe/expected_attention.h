#pragma once

#include <span>

#include "cache/rotation_table.h"
#include "observe/query_statistics.h"

namespace infinipot {

/// Attention that queries drawn from a normal distribution are expected to give: per query head
/// softmax_t(s mu·k_t + s² k_tᵀ Σ k_t / 2), averaged over the query heads of a group; s is the
/// layer's attention scale, as a rule 1 / √d. mu and Σ are those of the queries seen, rotated by
/// the mean rotation of the next positions; k_t are the rotated keys. Soft caps and windows are
/// left out. Source: Expected Attention (Devoto et al. 2025, arXiv 2510.00636), Eq. 6 to 8.
struct ExpectedAttentionInputs {
    ggml_tensor* mean;        ///< F32 [n_embd_head, 1, n_head]
    ggml_tensor* covariance;  ///< F32 [n_embd_head, n_embd_head, n_head]
};

/// Entries before `first` are left out of the softmax and get 0.
/// rotated_keys: of a pot [n_embd_head, capacity, n_head_kv], of which n_kv count; the result: F32
/// [n_kv - first, n_head_kv].
ggml_tensor* build_expected_attention(ggml_context* context, ggml_tensor* rotated_keys, int first,
                                      int n_kv, int n_head, float scale,
                                      ExpectedAttentionInputs& inputs);

/// Queries are expected at the next so many positions.
constexpr int n_future_positions = 512;

/// Rotates mean [n_head, n_embd_head] and covariance [n_head, n_embd_head, n_embd_head] in place by
/// the mean rotation of the positions first..first + n_future_positions - 1.
void rotate_to_future(const RotationTable& table, int first, int n_embd_head, std::span<float> mean,
                      std::span<float> covariance);

}  // namespace infinipot
