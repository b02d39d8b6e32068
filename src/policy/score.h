#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "infinipot/policies.h"
#include "infinipot/policy.h"

namespace infinipot::policies {

/// Attention times the norm of the values, or attention alone if no norm was measured. The product
/// is what an entry contributes. Source: VATP (Guo et al. 2024, arXiv 2406.12335), which differs in
/// that it always keeps the first entries; here the Budget's protect_first does that.
std::vector<float> weighted(std::span<const float> attention, const HeadView& head);

using HeadScore = std::function<std::vector<float>(const HeadView& head)>;

/// The sum over the heads of a layer. `score` returns that of one head, [n_kv].
std::vector<float> sum_over_heads(const LayerView& view, std::span<Keep> heads,
                                  const HeadScore& score);

/// The maximum over the heads of a layer. `score` returns that of one head, [n_kv].
std::vector<float> maximum_over_heads(const LayerView& view, std::span<Keep> heads,
                                      const HeadScore& score);

/// Each value replaced by the average or the maximum of `window` values around it, an odd number;
/// as long as `values`. An average counts places beyond the ends as 0. Source: SnapKV's code.
std::vector<float> pooled(std::span<const float> values, int window, Pooling pooling);

/// Each value replaced by the average or the maximum over the sentence of its entry. A sentence has
/// at least 8 entries, so that an exclamation is none, and at most 64, which cuts text without full
/// stops. The rest of a sentence that was torn counts as one.
std::vector<float> pooled_by_sentence(std::span<const float> values, const HeadView& head,
                                      Pooling pooling);

}  // namespace infinipot::policies
