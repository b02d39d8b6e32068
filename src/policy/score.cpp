#include "policy/score.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace infinipot::policies {
namespace {

float sum(std::span<const float> values) {
    float total = 0;
    for (const float value : values) total += value;
    return total;
}

/// Returns the largest value. NaN counts only if there is no number.
float maximum(std::span<const float> values) {
    float most = values.front();
    for (const float value : values) most = std::fmax(most, value);
    return most;
}

}  // namespace

std::vector<float> weighted(std::span<const float> attention, const HeadView& head) {
    std::vector<float> score(attention.begin(), attention.end());
    if (head.value_norm.empty()) return score;
    std::ranges::transform(score, head.value_norm, score.begin(), std::multiplies<>());
    return score;
}

std::vector<float> sum_over_heads(const LayerView& view, std::span<Keep> heads,
                                  const HeadScore& score) {
    std::vector<float> sum(static_cast<std::size_t>(view.n_kv), 0.0f);
    for (HeadView head : view.heads(heads))
        std::ranges::transform(sum, score(head), sum.begin(), std::plus<>());
    return sum;
}

std::vector<float> maximum_over_heads(const LayerView& view, std::span<Keep> heads,
                                      const HeadScore& score) {
    std::vector<float> largest;
    for (HeadView head : view.heads(heads)) {
        const std::vector<float> next = score(head);
        if (largest.empty()) largest = next;
        std::ranges::transform(largest, next, largest.begin(),
                               [](float a, float b) { return std::max(a, b); });
    }
    return largest;
}

std::vector<float> pooled(std::span<const float> values, int window, Pooling pooling) {
    const int n = static_cast<int>(values.size());
    std::vector<float> result;
    for (int i = 0; i < n; ++i) {
        const int begin = std::max(i - window / 2, 0), end = std::min(i + window / 2 + 1, n);
        const auto near =
            values.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
        result.push_back(pooling == Pooling::average ? sum(near) / static_cast<float>(window)
                                                     : maximum(near));
    }
    return result;
}

namespace {

constexpr int fewest_entries = 8, most_entries = 64;  // per sentence

/// Returns the slot behind the sentence that begins at slot `begin`.
int sentence_end(const HeadView& head, int begin) {
    const auto at = [](int slot) { return static_cast<std::size_t>(slot); };
    const auto& position = head.position;
    const auto& ends = head.ends_sentence;
    for (int end = begin + 1; end < head.n_kv; ++end) {
        const int n = end - begin;
        const bool torn = position[at(end)] != position[at(end - 1)] + 1;
        const bool ended = n >= fewest_entries && ends[at(end - 1)] != 0;
        if (torn || ended || n == most_entries) return end;
    }
    return head.n_kv;
}

}  // namespace

std::vector<float> pooled_by_sentence(std::span<const float> values, const HeadView& head,
                                      Pooling pooling) {
    std::vector<float> result;
    for (int begin = 0; begin < head.n_kv;) {
        const int end = sentence_end(head, begin);
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

}  // namespace infinipot::policies
