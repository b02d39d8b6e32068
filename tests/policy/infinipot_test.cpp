#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "policy/layer.h"

namespace infinipot {
namespace {

using Heads = std::vector<std::vector<int>>;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

// Slot                                      0  1  2  3  4  5  6  7  8  9
const std::vector<float> surprisal_a = {0, 1, 9, 2, 5, 3, 8, 4, 7, 6};
const std::vector<float> attention_a = {9, 1, 8, 7, 2, 6, 3, 5, 4, 0};
const Layer one_head = Layer::of({attention_a}, {surprisal_a});

TEST(InfiniPot, Keeps_the_highest_surprisal_and_then_the_highest_attention_of_the_rest) {
    // Half of 4 by surprisal: slots 2 and 6. Then by attention: 0; 2 is kept already; 3.
    EXPECT_EQ(kept_slots(infinipot({.novelty = 0.5f}), one_head, 4), (Heads{{0, 2, 3, 6}}));
}

TEST(InfiniPot, Gives_novelty_its_share_of_the_room) {
    EXPECT_EQ(kept_slots(infinipot({.novelty = 0.2f}), one_head, 5), (Heads{{0, 2, 3, 5, 7}}));
    EXPECT_EQ(kept_slots(infinipot({.novelty = 0.8f}), one_head, 5), (Heads{{0, 2, 6, 8, 9}}));
}

TEST(InfiniPot, Rounds_the_share_to_the_nearest_and_halves_up) {
    // 0.7 x 2 = 1.4 is 1 by surprisal: slot 2, then 0. 0.5 x 3 = 1.5 is 2: slots 2 and 6, then 0.
    EXPECT_EQ(kept_slots(infinipot({.novelty = 0.7f}), one_head, 2), (Heads{{0, 2}}));
    EXPECT_EQ(kept_slots(infinipot({.novelty = 0.5f}), one_head, 3), (Heads{{0, 2, 6}}));
}

TEST(InfiniPot, Selects_every_head_by_its_own_measurements) {
    const std::vector<float> reversed_surprisal(surprisal_a.rbegin(), surprisal_a.rend());
    const std::vector<float> reversed_attention(attention_a.rbegin(), attention_a.rend());
    const Layer two_heads =
        Layer::of({attention_a, reversed_attention}, {surprisal_a, reversed_surprisal});
    EXPECT_EQ(kept_slots(infinipot(), two_heads, 4), (Heads{{0, 2, 3, 6}, {3, 6, 7, 9}}));
}

TEST(InfiniPot, Breaks_ties_in_favour_of_the_more_recent) {
    const std::vector<float> same(10, 1.0f);
    EXPECT_EQ(kept_slots(infinipot(), Layer::of({attention_a}, {same}), 4), (Heads{{0, 2, 8, 9}}));
    EXPECT_EQ(kept_slots(infinipot(), Layer::of({same}, {surprisal_a}), 4), (Heads{{2, 6, 8, 9}}));
}

TEST(InfiniPot, Never_prefers_NaN) {
    std::vector<float> surprisal = surprisal_a;
    std::vector<float> attention = attention_a;
    surprisal[2] = nan;  // was the highest
    attention[0] = nan;  // was the highest
    // By surprisal 6 and 8, then by attention 2 and 3.
    EXPECT_EQ(kept_slots(infinipot(), Layer::of({attention}, {surprisal}), 4),
              (Heads{{2, 3, 6, 8}}));
}

TEST(InfiniPot, Takes_its_share_of_the_room_that_protection_leaves) {
    std::vector<Keep> heads(1, Keep(10, 6));
    heads[0].first(1).last(1);
    infinipot({.novelty = 0.25f})->select(one_head.view(), heads);
    // Of the 4 left one goes to surprisal: 2. Then attention: 3, 5, 7 (0 is protected).
    EXPECT_EQ(heads[0].slots(), (std::vector<int>{0, 2, 3, 5, 7, 9}));
}

TEST(InfiniPot, Without_novelty_neither_needs_nor_reads_surprisal) {
    const PolicyPtr policy = infinipot({.novelty = 0});
    EXPECT_FALSE(policy->needs().surprisal);
    EXPECT_EQ(policy->needs().attention, AttentionProbe::catalyst);
    EXPECT_EQ(kept_slots(policy, Layer::of({attention_a}, {}), 3), (Heads{{0, 2, 3}}));
}

TEST(InfiniPot, With_novelty_alone_neither_needs_nor_reads_attention) {
    const PolicyPtr policy = infinipot({.novelty = 1});
    EXPECT_TRUE(policy->needs().surprisal);
    EXPECT_EQ(policy->needs().attention, AttentionProbe::none);
    EXPECT_EQ(kept_slots(policy, Layer::of({}, {surprisal_a}), 3), (Heads{{2, 6, 8}}));
}

TEST(InfiniPot, Needs_both_measurements_by_default) {
    EXPECT_TRUE(infinipot()->needs().surprisal);
    EXPECT_EQ(infinipot()->needs().attention, AttentionProbe::catalyst);
    EXPECT_EQ(infinipot()->spec(), "infinipot:novelty=0.5,carried=1,catalyst=1,value_norm=0");
}

TEST(InfiniPot, Refuses_a_novelty_that_is_not_a_share) {
    for (const float novelty : {-0.1f, 1.1f, nan, std::numeric_limits<float>::infinity()}) {
        EXPECT_THROW(infinipot({.novelty = novelty}), Error) << novelty;
    }
}

}  // namespace
}  // namespace infinipot
