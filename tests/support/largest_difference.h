#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace infinipot {

/// Returns the largest difference between the engine's logits and `expected`, of the same size.
template <typename Logits>
double largest_difference(std::span<const float> logits, const Logits& expected) {
    double worst = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        worst = std::max(
            worst, std::abs(static_cast<double>(logits[i]) - static_cast<double>(expected[i])));
    }
    return worst;
}

}  // namespace infinipot
