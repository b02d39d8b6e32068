#include "policy/score.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "support/layer.h"

namespace infinipot::policies {
namespace {

using Scores = std::vector<float>;

const Layer layer = {.n_head_kv = 2,
                     .n_kv = 3,
                     .attention = {1, 2, 3, 4, 5, 6},
                     .value_norm = {1, 0.5f, 2, 3, 0, 0.25f}};

TEST(Score, Is_attention_times_the_norm_of_the_value_in_the_same_head) {
    Keep keep(3, 0);
    const LayerView view = layer.view();
    EXPECT_EQ(weighted(view.attention[0], view.head(0, keep)), (Scores{1, 1, 6}));
    EXPECT_EQ(weighted(view.attention[1], view.head(1, keep)), (Scores{12, 0, 1.5f}));
}

TEST(Score, Is_attention_alone_if_no_norm_was_measured) {
    const Layer unweighted = {.n_head_kv = 1, .n_kv = 3, .attention = {1, 2, 3}};
    Keep keep(3, 0);
    const LayerView view = unweighted.view();
    EXPECT_EQ(weighted(view.attention[0], view.head(0, keep)), (Scores{1, 2, 3}));
}

/// Positions 0, 1, 2, ... and no full stop.
Layer endless(int n_kv) {
    Layer text = {.n_head_kv = 1, .n_kv = n_kv};
    for (int slot = 0; slot < n_kv; ++slot) text.position.push_back(slot);
    text.ends_sentence.assign(static_cast<std::size_t>(n_kv), 0);
    return text;
}

Scores by_sentence(const Scores& values, const Layer& text, int head, Pooling pooling) {
    Keep keep(text.n_kv, 0);
    return pooled_by_sentence(values, text.view().head(head, keep), pooling);
}

/// Returns the places where one score ends and the next begins, when all values differ.
std::vector<int> cuts(const Layer& text, int head = 0) {
    const std::size_t n = text.view().position[head].size();
    Scores values(n);
    std::iota(values.begin(), values.end(), 0.0f);
    const Scores scores = by_sentence(values, text, head, Pooling::maximum);
    EXPECT_EQ(scores.size(), n);
    std::vector<int> cuts;
    for (std::size_t slot = 1; slot < n; ++slot)
        if (scores[slot] != scores[slot - 1]) cuts.push_back(static_cast<int>(slot));
    return cuts;
}

TEST(Score, By_sentence_is_the_average_or_the_maximum_of_its_values) {
    Layer text = endless(12);
    text.ends_sentence[7] = 1;
    const Scores values = {1, 0, 0, 0, 0, 0, 0, 3, 4, 0, 0, 2};
    EXPECT_EQ(by_sentence(values, text, 0, Pooling::average),
              (Scores{0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 1.5f, 1.5f, 1.5f, 1.5f}));
    EXPECT_EQ(by_sentence(values, text, 0, Pooling::maximum),
              (Scores{3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4}));
}

TEST(Score, By_sentence_joins_short_sentences_and_cuts_long_ones) {
    Layer text = endless(100);
    for (const int end : {2, 6, 7, 10}) text.ends_sentence[static_cast<std::size_t>(end)] = 1;
    EXPECT_EQ(cuts(text), (std::vector{8, 72}));
}

TEST(Score, By_sentence_ends_a_sentence_at_evicted_text) {
    Layer text = endless(6);
    text.position = {0, 1, 2, 7, 8, 11};
    EXPECT_EQ(cuts(text), (std::vector{3, 5}));
}

TEST(Score, By_sentence_uses_the_sentences_of_the_requested_head) {
    Layer text = endless(20);
    text.n_head_kv = 2;
    text.n_kv = 10;
    text.ends_sentence[7] = text.ends_sentence[18] = 1;
    EXPECT_EQ(cuts(text, 0), (std::vector{8}));
    EXPECT_EQ(cuts(text, 1), (std::vector{9}));
}

}  // namespace
}  // namespace infinipot::policies
