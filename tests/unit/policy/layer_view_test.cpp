#include <gtest/gtest.h>

#include <type_traits>
#include <vector>

#include "infinipot/policy.h"
#include "support/layer.h"

namespace infinipot {
namespace {

std::vector<Keep> keeps_for(const LayerView& view, int n_keep) {
    return std::vector<Keep>(static_cast<std::size_t>(view.n_head_kv), Keep(view.n_kv, n_keep));
}

template <typename T>
std::vector<std::remove_const_t<T>> values(std::span<T> row) {
    return {row.begin(), row.end()};
}

/// A layer of two heads and three slots, in which every measurement differs from every other.
const Layer two_heads = {.n_head_kv = 2,
                         .n_kv = 3,
                         .n_new = 1,
                         .attention = {1, 2, 3, 4, 5, 6},
                         .surprisal = {11, 12, 13, 14, 15, 16},
                         .key_norm = {21, 22, 23, 24, 25, 26},
                         .value_norm = {31, 32, 33, 34, 35, 36},
                         .key_similarity = {41, 42, 43, 44, 45, 46},
                         .expected_attention = {51, 52, 53, 54, 55, 56},
                         .position = {61, 62, 63, 64, 65, 66},
                         .ends_sentence = {0, 1, 0, 1, 0, 1}};

TEST(LayerViewHeads, Come_in_order_each_with_its_own_slots_to_fill) {
    const LayerView view = two_heads.view();
    std::vector<Keep> keeps = keeps_for(view, 2);
    std::vector<int> numbers;
    for (const HeadView head : view.heads(keeps)) {
        EXPECT_EQ(&head.keep, &keeps[numbers.size()]);
        numbers.push_back(head.head);
    }
    EXPECT_EQ(numbers, (std::vector<int>{0, 1}));
}

TEST(LayerViewHeads, Have_their_row_of_every_measurement) {
    using Floats = std::vector<float>;
    const LayerView view = two_heads.view();
    std::vector<Keep> keeps = keeps_for(view, 2);
    float first = 1;  // the first attention of the head; other measurements follow from it
    for (const HeadView head : view.heads(keeps)) {
        const auto from = [](float x) { return Floats{x, x + 1, x + 2}; };
        EXPECT_EQ(head.n_kv, 3);
        EXPECT_EQ(head.n_new, 1);
        EXPECT_EQ(values(head.attention), from(first));
        EXPECT_EQ(values(head.surprisal), from(first + 10));
        EXPECT_EQ(values(head.key_norm), from(first + 20));
        EXPECT_EQ(values(head.value_norm), from(first + 30));
        EXPECT_EQ(values(head.key_similarity), from(first + 40));
        EXPECT_EQ(values(head.expected_attention), from(first + 50));
        const auto at = static_cast<std::int64_t>(first) + 60;
        EXPECT_EQ(values(head.position), (std::vector<std::int64_t>{at, at + 1, at + 2}));
        const char even = head.head == 0 ? 0 : 1;
        const char odd = head.head == 0 ? 1 : 0;
        EXPECT_EQ(values(head.ends_sentence), (std::vector<char>{even, odd, even}));
        first += 3;
    }
    EXPECT_EQ(first, 7);
}

TEST(LayerViewHeads, Have_an_empty_span_for_what_was_not_measured) {
    const Layer layer = Layer::of({}, {{1, 2}, {3, 4}});
    std::vector<Keep> keeps = keeps_for(layer.view(), 1);
    const LayerView view = layer.view();
    for (const HeadView head : view.heads(keeps)) {
        EXPECT_TRUE(head.attention.empty());
        EXPECT_TRUE(head.position.empty());
        EXPECT_TRUE(head.ends_sentence.empty());
        EXPECT_EQ(head.surprisal.size(), 2u);
    }
}

TEST(LayerViewHeads, Fill_the_slots_that_the_caller_owns) {
    const Layer layer = Layer::of({}, {{9, 1, 5}, {1, 9, 5}});
    const LayerView view = layer.view();
    std::vector<Keep> keeps = keeps_for(view, 2);
    for (HeadView head : view.heads(keeps)) head.keep.fill_best(head.surprisal);
    EXPECT_EQ(keeps[0].slots(), (std::vector<int>{0, 2}));
    EXPECT_EQ(keeps[1].slots(), (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace infinipot
