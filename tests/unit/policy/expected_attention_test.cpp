#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "infinipot/policies.h"
#include "support/layer.h"
#include "support/refusal.h"

namespace infinipot::policies {
namespace {

using Heads = std::vector<std::vector<int>>;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

Layer measured(const std::vector<std::vector<float>>& expected, const std::vector<float>& norms) {
    Layer layer = Layer::of(expected, {});
    layer.expected_attention.swap(layer.attention);
    layer.value_norm = norms;
    return layer;
}

// Slot                                0  1   2  3  4  5  6  7  8  9: the first two are sinks
const std::vector<float> expected = {0, 0, 10, 1, 8, 2, 7, 3, 5, 4};
const std::vector<float> norms = {0, 0, 1, 9, 0.5f, 1, 2, 6, 2, 1};
// Attention times norm                    10  9  4  2  14  18  10  4
const Layer one_head = measured({expected}, norms);

TEST(ExpectedAttention, Keeps_the_sinks_and_the_highest_attention_times_the_norm_of_the_value) {
    EXPECT_EQ(kept_slots(expected_attention({.sinks = 2}), one_head, 5), (Heads{{0, 1, 6, 7, 8}}));
}

TEST(ExpectedAttention, Adds_epsilon_to_the_attention_before_it_is_weighted) {
    // With 5 added the products are 15, 54, 6.5, 7, 24, 48, 20 and 9.
    EXPECT_EQ(kept_slots(expected_attention({.sinks = 2, .epsilon = 5}), one_head, 5),
              (Heads{{0, 1, 3, 6, 7}}));
}

TEST(ExpectedAttention, Keeps_the_requested_number_of_sinks_and_four_by_default) {
    EXPECT_EQ(kept_slots(expected_attention({.sinks = 0}), one_head, 3), (Heads{{6, 7, 8}}));
    EXPECT_EQ(kept_slots(expected_attention(), one_head, 5), (Heads{{0, 1, 2, 3, 7}}));
}

TEST(ExpectedAttention, Keeps_the_oldest_if_sinks_take_all_the_room) {
    EXPECT_EQ(kept_slots(expected_attention({.sinks = 100}), one_head, 3), (Heads{{0, 1, 2}}));
}

TEST(ExpectedAttention, Ranks_by_attention_alone_without_value_norm) {
    EXPECT_EQ(kept_slots(expected_attention({.sinks = 2, .value_norm = ValueNorm::none}),
                         measured({expected}, {}), 5),
              (Heads{{0, 1, 2, 4, 6}}));
}

TEST(ExpectedAttention, Selects_every_head_by_its_own_measurements) {
    const std::vector<float> reversed(expected.rbegin(), expected.rend());
    std::vector<float> both = norms;
    both.insert(both.end(), 10, 1.0f);
    EXPECT_EQ(kept_slots(expected_attention({.sinks = 0}), measured({expected, reversed}, both), 3),
              (Heads{{6, 7, 8}, {3, 5, 7}}));
}

TEST(ExpectedAttention, Keeps_protected_entries_and_fills_the_room) {
    std::vector<Keep> heads(1, Keep(10, 5));
    heads[0].last(1);
    expected_attention({.sinks = 1})->select(one_head.view(), heads);
    EXPECT_EQ(heads[0].slots(), (std::vector<int>{0, 6, 7, 8, 9}));
}

TEST(ExpectedAttention, Breaks_ties_in_favour_of_the_more_recent) {
    // Slots 2 and 8 have 10 both.
    EXPECT_EQ(kept_slots(expected_attention({.sinks = 0}), one_head, 3), (Heads{{6, 7, 8}}));
}

TEST(ExpectedAttention, Never_prefers_NaN) {
    std::vector<float> with_nan = expected;
    with_nan[7] = nan;  // was the highest
    EXPECT_EQ(kept_slots(expected_attention({.sinks = 0}), measured({with_nan}, norms), 3),
              (Heads{{2, 6, 8}}));
}

TEST(ExpectedAttention, Needs_statistics_of_queries_and_norms_of_values) {
    EXPECT_EQ(expected_attention()->needs(),
              (Needs{.value_norm = ValueNorm::l2, .expected_attention = true, .n_sink = 4}));
    EXPECT_EQ(expected_attention({.sinks = 1, .value_norm = ValueNorm::none})->needs(),
              (Needs{.expected_attention = true, .n_sink = 1}));
}

TEST(ExpectedAttention, Evicts_when_the_cache_is_full) {
    EXPECT_EQ(expected_attention()->schedule(), Schedule::when_full);
    EXPECT_EQ(expected_attention()->positions(), Positions(Positions::reset));
    EXPECT_EQ(expected_attention()->spec(), "expected_attention:sinks=4,epsilon=0,value_norm=l2");
    EXPECT_EQ(
        expected_attention({.sinks = 1, .epsilon = 0.02f, .value_norm = ValueNorm::none})->spec(),
        "expected_attention:sinks=1,epsilon=0.02,value_norm=none");
}

TEST(ExpectedAttention, Names_the_allowed_values_of_its_options) {
    EXPECT_EQ(refusal([] { expected_attention({.sinks = -1}); }),
              "policy expected_attention wants a whole number of at least 0 for sinks, not \"-1\"");
    EXPECT_EQ(refusal([] { expected_attention({.epsilon = -0.5f}); }),
              "policy expected_attention wants a number of at least 0 for epsilon, not \"-0.5\"");
    EXPECT_EQ(refusal([] { expected_attention({.epsilon = nan}); }),
              "policy expected_attention wants a number of at least 0 for epsilon, not \"nan\"");
    EXPECT_EQ(refusal([] { expected_attention({.value_norm = static_cast<ValueNorm>(3)}); }),
              "policy expected_attention wants none, l1 or l2 for value_norm, not \"3\"");
}

}  // namespace
}  // namespace infinipot::policies
