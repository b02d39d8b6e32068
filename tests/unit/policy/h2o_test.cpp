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

// Slot                             0  1  2  3  4  5  6  7  8  9
const std::vector<float> early = {9, 1, 8, 7, 2, 6, 3, 5, 4, 0};
const std::vector<float> late = {3, 1, 2, 7, 0, 4, 5, 6, 8, 9};
const Layer one_head = Layer::of({early}, {});

TEST(H2o, Keeps_the_recent_half_and_the_highest_attention_of_the_rest) {
    EXPECT_EQ(kept_slots(h2o(), one_head, 4), (Heads{{0, 2, 8, 9}}));
}

TEST(H2o, Gives_the_odd_entry_to_the_heavy_hitters) {
    EXPECT_EQ(kept_slots(h2o(), one_head, 5), (Heads{{0, 2, 3, 8, 9}}));
}

TEST(H2o, Chooses_heavy_hitters_among_entries_that_are_not_recent) {
    // Slots 9 and 8 have most attention and are recent: two others are the heavy hitters, 3 and 7.
    EXPECT_EQ(kept_slots(h2o(), Layer::of({late}, {}), 4), (Heads{{3, 7, 8, 9}}));
}

TEST(H2o, Keeps_the_requested_number_of_recent_entries) {
    EXPECT_EQ(kept_slots(h2o({.recent = 0}), one_head, 4), (Heads{{0, 2, 3, 5}}));
    EXPECT_EQ(kept_slots(h2o({.recent = 1}), one_head, 4), (Heads{{0, 2, 3, 9}}));
    EXPECT_EQ(kept_slots(h2o({.recent = 3}), one_head, 4), (Heads{{0, 7, 8, 9}}));
    EXPECT_EQ(kept_slots(h2o({.recent = 100}), one_head, 4), (Heads{{6, 7, 8, 9}}));
}

TEST(H2o, Halves_the_room_that_protection_leaves) {
    std::vector<Keep> heads(1, Keep(10, 6));
    heads[0].first(2);
    h2o()->select(one_head.view(), heads);
    // Two of the 4 places left are for recent entries: 8 and 9.
    EXPECT_EQ(heads[0].slots(), (std::vector<int>{0, 1, 2, 3, 8, 9}));
}

TEST(H2o, Selects_every_head_by_its_own_attention) {
    EXPECT_EQ(kept_slots(h2o({.recent = 0}), Layer::of({early, late}, {}), 3),
              (Heads{{0, 2, 3}, {3, 8, 9}}));
}

TEST(H2o, Multiplies_attention_by_the_norm_of_the_value) {
    Layer layer = Layer::of({early, early}, {});
    layer.value_norm = {1, 1, 1, 1, 1, 1,     1, 1, 1, 1,   // equal norms change nothing
                        1, 1, 1, 1, 5, 0.25f, 1, 2, 1, 1};  // 4: 10, 7: 10, 5: 1.5
    EXPECT_EQ(kept_slots(h2o({.recent = 0, .value_norm = ValueNorm::l1}), layer, 4),
              (Heads{{0, 2, 3, 5}, {0, 2, 4, 7}}));
}

TEST(H2o, Breaks_ties_in_favour_of_the_more_recent) {
    const std::vector<float> same(10, 1.0f);
    EXPECT_EQ(kept_slots(h2o({.recent = 1}), Layer::of({same}, {}), 3), (Heads{{7, 8, 9}}));
}

TEST(H2o, Never_prefers_NaN) {
    std::vector<float> attention = early;
    attention[0] = nan;  // was the highest
    EXPECT_EQ(kept_slots(h2o({.recent = 1}), Layer::of({attention}, {}), 4), (Heads{{2, 3, 5, 9}}));
}

TEST(H2o, Needs_the_attention_of_all_tokens) {
    EXPECT_EQ(h2o()->needs(), (Needs{.attention = AttentionProbe::accumulated}));
    EXPECT_EQ(h2o({.value_norm = ValueNorm::l2})->needs(),
              (Needs{.attention = AttentionProbe::accumulated, .value_norm = ValueNorm::l2}));
}

TEST(H2o, Evicts_one_entry_per_token_with_positions_inside_the_cache) {
    EXPECT_EQ(h2o()->schedule(), Schedule::per_token);
    EXPECT_EQ(h2o()->positions(), Positions(Positions::reset));
    EXPECT_EQ(h2o()->spec(), "h2o:recent=half,value_norm=none");
    EXPECT_EQ(h2o({.recent = 256, .value_norm = ValueNorm::l1})->spec(),
              "h2o:recent=256,value_norm=l1");
}

TEST(H2o, Names_the_allowed_values_of_its_options) {
    EXPECT_EQ(refusal([] { h2o({.recent = -2}); }),
              "policy h2o wants half or a whole number of at least 0 for recent, not \"-2\"");
    EXPECT_EQ(refusal([] { h2o({.value_norm = static_cast<ValueNorm>(3)}); }),
              "policy h2o wants none, l1 or l2 for value_norm, not \"3\"");
}

}  // namespace
}  // namespace infinipot::policies
