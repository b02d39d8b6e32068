#include "policy/score.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "infinipot/error.h"
#include "policy/spec.h"

namespace infinipot {
namespace {

float sum(std::span<const float> values) {
    float total = 0;
    for (const float value : values) total += value;
    return total;
}

/// NaN is no maximum.
float maximum(std::span<const float> values) {
    float most = values.front();
    for (const float value : values) most = std::fmax(most, value);
    return most;
}

}  // namespace

std::vector<float> weighted(std::span<const float> attention, const LayerView& view, int head) {
    std::vector<float> score(attention.begin(), attention.end());
    if (view.value_norm.empty()) return score;
    std::ranges::transform(score, view.value_norm[head], score.begin(), std::multiplies<>());
    return score;
}

std::vector<float> summed(const LayerView& view,
                          const std::function<std::vector<float>(int head)>& score) {
    std::vector<float> sum(static_cast<std::size_t>(view.n_kv), 0.0f);
    for (int head = 0; head < view.n_head_kv; ++head)
        std::ranges::transform(sum, score(head), sum.begin(), std::plus<>());
    return sum;
}

std::vector<float> most(const LayerView& view,
                        const std::function<std::vector<float>(int head)>& score) {
    std::vector<float> largest = score(0);
    for (int head = 1; head < view.n_head_kv; ++head) {
        std::ranges::transform(largest, score(head), largest.begin(),
                               [](float a, float b) { return std::max(a, b); });
    }
    return largest;
}

std::vector<float> pooled(std::span<const float> values, int kernel, Pooling pooling) {
    const int n = static_cast<int>(values.size());
    std::vector<float> result;
    for (int i = 0; i < n; ++i) {
        const int begin = std::max(i - kernel / 2, 0), end = std::min(i + kernel / 2 + 1, n);
        const auto near =
            values.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
        result.push_back(pooling == Pooling::average ? sum(near) / static_cast<float>(kernel)
                                                     : maximum(near));
    }
    return result;
}

namespace {

constexpr int fewest_entries = 8, most_entries = 64;  // of a sentence

/// The slot behind the sentence that begins at `begin`.
int sentence_end(const LayerView& view, int head, int begin) {
    const auto at = [](int slot) { return static_cast<std::size_t>(slot); };
    const auto& position = view.position[head];
    const auto& ends = view.ends_sentence[head];
    for (int end = begin + 1; end < view.n_kv; ++end) {
        const int n = end - begin;
        const bool torn = position[at(end)] != position[at(end - 1)] + 1;
        const bool ended = n >= fewest_entries && ends[at(end - 1)] != 0;
        if (torn || ended || n == most_entries) return end;
    }
    return view.n_kv;
}

}  // namespace

std::vector<float> pooled_by_sentence(std::span<const float> values, const LayerView& view,
                                      int head, Pooling pooling) {
    std::vector<float> result;
    for (int begin = 0; begin < view.n_kv;) {
        const int end = sentence_end(view, head, begin);
        const auto sentence =
            values.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
        const float score = pooling == Pooling::average
                                ? sum(sentence) / static_cast<float>(sentence.size())
                                : maximum(sentence);
        result.insert(result.end(), sentence.size(), score);
        begin = end;
    }
    return result;
}

void check_kernel(const std::string& policy, const std::string& what, int kernel) {
    if (kernel >= 1 && kernel % 2 == 1) return;
    throw Error(ErrorCode::invalid_argument, "policy " + policy + " wants an odd " + what +
                                                 " of at least 1, not " + print_value(kernel));
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
