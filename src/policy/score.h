#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "infinipot/policies.h"
#include "infinipot/policy.h"

namespace infinipot::policies {

/// Returns attention times the norm of the values, or attention alone if no norm was measured. The
/// product is the size of an entry's contribution. Source: VATP (Guo et al. 2024, arXiv
/// 2406.12335). VATP always keeps the first entries too; here the Budget's protect_first does that.
std::vector<float> weighted(std::span<const float> attention, const HeadView& head);

/// Returns the scores of one head: [n_kv].
using HeadScore = std::function<std::vector<float>(const HeadView& head)>;

/// Returns the sum of `score` over the heads of a layer: [n_kv].
std::vector<float> sum_over_heads(const LayerView& view, std::span<Keep> heads,
                                  const HeadScore& score);

/// Returns the maximum of `score` over the heads of a layer: [n_kv].
std::vector<float> maximum_over_heads(const LayerView& view, std::span<Keep> heads,
                                      const HeadScore& score);

/// Replaces each value by the average or the maximum of the `window` values around it; `window` is
/// odd. The result is as long as `values`. An average counts places beyond the ends as 0. Source:
/// SnapKV's code.
std::vector<float> pooled(std::span<const float> values, int window, Pooling pooling);

/// Replaces each value by the average or the maximum over the sentence of its entry. A sentence has
/// at least 8 entries, so that an exclamation does not count alone. It has at most 64, because some
/// texts have no full stops. The rest of a torn sentence counts as one.
std::vector<float> pooled_by_sentence(std::span<const float> values, const HeadView& head,
                                      Pooling pooling);

}  // namespace infinipot::policies
