#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "infinipot/policies.h"
#include "infinipot/policy.h"

namespace infinipot {

/// Attention times the norm of the values, or attention alone if no norm was measured. A weight of
/// the values turns what an entry is attended to into what it contributes. Source: VATP (Guo et al.
/// 2024, arXiv 2406.12335), which differs in that it always keeps the first entries; here the
/// Budget's protect_first does that.
std::vector<float> weighted(std::span<const float> attention, const LayerView& view, int head);

/// What all heads of a layer give an entry together. `score` is of one head, [n_kv].
std::vector<float> summed(const LayerView& view,
                          const std::function<std::vector<float>(int head)>& score);

/// The most that any head of a layer gives an entry.
std::vector<float> most(const LayerView& view,
                        const std::function<std::vector<float>(int head)>& score);

/// Each value replaced by the average or the maximum of `kernel` values around it, an odd number;
/// as long as `values`. An average counts places beyond the ends as 0. Source: SnapKV's code.
std::vector<float> pooled(std::span<const float> values, int kernel, Pooling pooling);

/// The same over the sentence that each entry of a head stands in: one of at least 8 entries, so
/// that an exclamation is none, and of at most 64, which cut what has no full stops. What is left
/// of a sentence counts as one.
std::vector<float> pooled_by_sentence(std::span<const float> values, const LayerView& view,
                                      int head, Pooling pooling);

/// @throws Error(invalid_argument) unless it is odd and at least 1.
void check_kernel(const std::string& policy, const std::string& what, int kernel);

/// @throws Error(invalid_argument) unless it is 0, 1 or 2.
void check_value_norm(const std::string& policy, int value_norm);

/// @throws Error(invalid_argument) if it is negative.
void check_count(const std::string& policy, const std::string& what, int count);

}  // namespace infinipot
