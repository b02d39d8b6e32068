#pragma once

#include <span>

#include "cache/kv_cache.h"

/// Measurements that need only the keys and values of entries. Each function fills one value per
/// slot of one head: [n_kv], where n_kv is the number of entries.
namespace infinipot {

/// Computes ‖k‖₂, which RoPE does not change. Source: Devoto et al. 2024, arXiv 2406.11430.
void key_norms(const KvCache& cache, int il, int head, std::span<float> norms);

/// Computes ‖v‖₁ (`order` 1) or ‖v‖₂ (2). Sources: VATP, arXiv 2406.12335; Expected Attention.
void value_norms(const KvCache& cache, int il, int head, int order, std::span<float> norms);

/// Computes the cosine of each rotated key and the mean of all rotated keys of the head, each
/// scaled to length 1.
/// Source: KeyDiff, arXiv 2504.15364.
void key_similarities(const KvCache& cache, int il, int head, std::span<float> cosines);

}  // namespace infinipot
