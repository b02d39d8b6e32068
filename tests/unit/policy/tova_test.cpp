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

// Slot                              0     1  2  3     4  5     6   7  8  9
const std::vector<float> head_a = {9, 1.0f, 8, 7, 2.0f, 6, 3.0f, 5, 4, 0};
const std::vector<float> head_b = {0, 9.5f, 1, 2, 8.2f, 1, 7.4f, 6, 5, 4};
// Their sum                       9  10.5  9  9  10.2  7  10.4 11  9  4
const Layer two_heads = Layer::of({head_a, head_b}, {});

TEST(Tova, Keeps_the_highest_sum_over_heads_the_same_in_every_head) {
    // Alone head a would keep 0, 2, 3 and head b 1, 4, 6.
    EXPECT_EQ(kept_slots(tova(), two_heads, 3), (Heads{{1, 6, 7}, {1, 6, 7}}));
    EXPECT_EQ(kept_slots(tova(), Layer::of({head_a}, {}), 3), (Heads{{0, 2, 3}}));
}

TEST(Tova, Does_not_favour_the_first_or_the_last_entry) {
    const std::vector<float> attention = {0, 1, 2, 3, 4, 5, 6, 7, 8, 0};
    EXPECT_EQ(kept_slots(tova(), Layer::of({attention}, {}), 8), (Heads{{1, 2, 3, 4, 5, 6, 7, 8}}));
}

TEST(Tova, Keeps_protected_entries_and_fills_the_room_by_the_sum) {
    std::vector<Keep> heads(2, Keep(10, 4));
    for (Keep& keep : heads) keep.first(1).last(1);
    tova()->select(two_heads.view(), heads);
    EXPECT_EQ(heads[0].slots(), (std::vector<int>{0, 1, 7, 9}));
    EXPECT_EQ(heads[1].slots(), heads[0].slots());
}

TEST(Tova, Multiplies_the_attention_of_each_head_by_the_norms_of_that_head) {
    Layer layer = two_heads;
    layer.value_norm.assign(10, 1.0f);
    layer.value_norm.insert(layer.value_norm.end(), 10, 0.125f);  // head b hardly counts
    EXPECT_EQ(kept_slots(tova({.value_norm = ValueNorm::l1}), layer, 3),
              (Heads{{0, 2, 3}, {0, 2, 3}}));
}

TEST(Tova, Breaks_ties_in_favour_of_the_more_recent) {
    const std::vector<float> same(10, 1.0f);
    EXPECT_EQ(kept_slots(tova(), Layer::of({same}, {}), 3), (Heads{{7, 8, 9}}));
}

TEST(Tova, Never_prefers_an_entry_that_is_NaN_in_any_head) {
    Layer layer = two_heads;
    layer.attention[7] = nan;  // was the highest sum
    EXPECT_EQ(kept_slots(tova(), layer, 3), (Heads{{1, 4, 6}, {1, 4, 6}}));
}

TEST(Tova, Needs_the_attention_of_the_last_token) {
    EXPECT_EQ(tova()->needs(), (Needs{.attention = AttentionProbe::recent, .n_query = 1}));
    EXPECT_EQ(
        tova({.value_norm = ValueNorm::l1})->needs(),
        (Needs{.attention = AttentionProbe::recent, .n_query = 1, .value_norm = ValueNorm::l1}));
}

TEST(Tova, Evicts_one_entry_per_token_at_positions_of_the_stream) {
    EXPECT_EQ(tova()->schedule(), Schedule::per_token);
    EXPECT_EQ(tova()->positions(), Positions(Positions::keep));
    EXPECT_EQ(tova()->spec(), "tova:value_norm=none");
    EXPECT_EQ(tova({.value_norm = ValueNorm::l2})->spec(), "tova:value_norm=l2");
}

TEST(Tova, Names_the_allowed_values_of_its_options) {
    EXPECT_EQ(refusal([] { tova({.value_norm = static_cast<ValueNorm>(-1)}); }),
              "policy tova wants none, l1 or l2 for value_norm, not \"-1\"");
}

}  // namespace
}  // namespace infinipot::policies
