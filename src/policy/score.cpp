#include "policy/score.h"

#include <algorithm>
#include <functional>

#include "infinipot/error.h"
#include "policy/spec.h"

namespace infinipot {

std::vector<float> weighted(std::span<const float> attention, const LayerView& view, int head) {
    std::vector<float> score(attention.begin(), attention.end());
    if (view.value_norm.empty()) return score;
    std::ranges::transform(score, view.value_norm[head], score.begin(), std::multiplies<>());
    return score;
}

void check_value_norm(const std::string& policy, int value_norm) {
    if (0 <= value_norm && value_norm <= 2) return;
    throw Error(
        ErrorCode::invalid_argument,
        "policy " + policy + " wants value_norm 0 (none), 1 or 2, not " + print_value(value_norm));
}

void check_count(const std::string& policy, const std::string& what, int count) {
    if (count >= 0) return;
    throw Error(ErrorCode::invalid_argument, "policy " + policy + " wants 0 or more for " + what +
                                                 ", not " + print_value(count));
}

}  // namespace infinipot
