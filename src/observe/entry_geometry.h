#pragma once

#include <span>

#include "cache/kv_cache.h"

/// What can be told of entries from their keys and values alone. Each function fills one value per
/// slot of one head: [n_kv], n_kv the pot's n.
namespace infinipot {

/// ‖k‖₂; RoPE does not change it. Source: Devoto et al. 2024, arXiv 2406.11430.
void key_norms(const KvCache& cache, int il, int head, std::span<float> norms);

/// ‖v‖₁ (`order` 1) or ‖v‖₂ (2). Sources: VATP, arXiv 2406.12335; Expected Attention.
void value_norms(const KvCache& cache, int il, int head, int order, std::span<float> norms);

/// Cosine between a rotated key and the mean of all rotated keys of the head, each of length 1.
/// Source: KeyDiff, arXiv 2504.15364.
void key_similarities(const KvCache& cache, int il, int head, std::span<float> cosines);

}  // namespace infinipot
