#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <vector>

#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "support/layer.h"
#include "support/refusal.h"

namespace infinipot::policies {
namespace {

using Heads = std::vector<std::vector<int>>;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

// Slot                                      0  1  2  3  4  5  6  7  8  9
const std::vector<float> surprisal_a = {0, 1, 9, 2, 5, 3, 8, 4, 7, 6};
const std::vector<float> attention_a = {9, 1, 8, 7, 2, 6, 3, 5, 4, 0};
const Layer one_head = Layer::of({attention_a}, {surprisal_a});

/// The paper's rule.
PolicyPtr as_in_paper(InfiniPotOptions options = {}) {
    options.share = Share::none;
    options.pool = 1;
    options.novelty_pool = 1;
    return infinipot(options);
}

TEST(InfiniPot, Keeps_the_highest_surprisal_and_then_the_highest_attention_of_the_rest) {
    // Half of 4 by surprisal: slots 2 and 6. Then by attention: 0; 2 is kept already; 3.
    EXPECT_EQ(kept_slots(as_in_paper({.novelty = 0.5f}), one_head, 4), (Heads{{0, 2, 3, 6}}));
}

TEST(InfiniPot, Gives_novelty_its_share_of_the_room) {
    EXPECT_EQ(kept_slots(as_in_paper({.novelty = 0.2f}), one_head, 5), (Heads{{0, 2, 3, 5, 7}}));
    EXPECT_EQ(kept_slots(as_in_paper({.novelty = 0.8f}), one_head, 5), (Heads{{0, 2, 6, 8, 9}}));
}

TEST(InfiniPot, Rounds_the_share_to_the_nearest_and_halves_up) {
    // 0.7 x 2 = 1.4 is 1 by surprisal: slot 2, then 0. 0.5 x 3 = 1.5 is 2: slots 2 and 6, then 0.
    EXPECT_EQ(kept_slots(as_in_paper({.novelty = 0.7f}), one_head, 2), (Heads{{0, 2}}));
    EXPECT_EQ(kept_slots(as_in_paper({.novelty = 0.5f}), one_head, 3), (Heads{{0, 2, 6}}));
}

TEST(InfiniPot, Selects_every_head_by_its_own_measurements) {
    const std::vector<float> reversed_surprisal(surprisal_a.rbegin(), surprisal_a.rend());
    const std::vector<float> reversed_attention(attention_a.rbegin(), attention_a.rend());
    const Layer two_heads =
        Layer::of({attention_a, reversed_attention}, {surprisal_a, reversed_surprisal});
    EXPECT_EQ(kept_slots(as_in_paper(), two_heads, 4), (Heads{{0, 2, 3, 6}, {3, 6, 7, 9}}));
}

TEST(InfiniPot, Breaks_ties_in_favour_of_the_more_recent) {
    const std::vector<float> same(10, 1.0f);
    EXPECT_EQ(kept_slots(as_in_paper(), Layer::of({attention_a}, {same}), 4),
              (Heads{{0, 2, 8, 9}}));
    EXPECT_EQ(kept_slots(as_in_paper(), Layer::of({same}, {surprisal_a}), 4),
              (Heads{{2, 6, 8, 9}}));
}

TEST(InfiniPot, Never_prefers_NaN) {
    std::vector<float> surprisal = surprisal_a;
    std::vector<float> attention = attention_a;
    surprisal[2] = nan;  // was the highest
    attention[0] = nan;  // was the highest
    // By surprisal 6 and 8, then by attention 2 and 3.
    EXPECT_EQ(kept_slots(as_in_paper(), Layer::of({attention}, {surprisal}), 4),
              (Heads{{2, 3, 6, 8}}));
}

TEST(InfiniPot, Takes_its_share_of_the_room_that_protection_leaves) {
    std::vector<Keep> heads(1, Keep(10, 6));
    heads[0].first(1).last(1);
    as_in_paper({.novelty = 0.25f})->select(one_head.view(), heads);
    // One of the 4 places left is for surprisal: 2.
    EXPECT_EQ(heads[0].slots(), (std::vector<int>{0, 2, 3, 5, 7, 9}));
}

TEST(InfiniPot, Ranks_only_new_entries_by_surprisal_if_novelty_is_not_carried) {
    Layer layer = one_head;
    layer.n_new = 4;
    // Half of 4 by surprisal, of the slots from 6 on: 6 and 8. Then by attention: 0 and 2.
    EXPECT_EQ(kept_slots(as_in_paper({.carried = false}), layer, 4), (Heads{{0, 2, 6, 8}}));
    EXPECT_EQ(kept_slots(as_in_paper({.carried = true}), layer, 4), (Heads{{0, 2, 3, 6}}));
}

TEST(InfiniPot, Gives_what_new_entries_leave_of_the_share_to_attention) {
    Layer layer = one_head;
    layer.n_new = 1;
    EXPECT_EQ(kept_slots(as_in_paper({.carried = false}), layer, 4), (Heads{{0, 2, 3, 9}}));
    layer.n_new = 0;
    EXPECT_EQ(kept_slots(as_in_paper({.carried = false}), layer, 4), (Heads{{0, 2, 3, 5}}));
}

TEST(InfiniPot, Does_not_rank_protected_entries_among_the_new_ones) {
    Layer layer = one_head;
    layer.n_new = 2;
    std::vector<Keep> heads(1, Keep(10, 5));
    heads[0].last(1);
    as_in_paper({.carried = false})->select(layer.view(), heads);
    // Two of the 4 places left are for surprisal, but only 8 is new and not protected.
    EXPECT_EQ(heads[0].slots(), (std::vector<int>{0, 2, 3, 8, 9}));
}

TEST(InfiniPot, Fills_up_with_recent_entries_if_novelty_decides_alone_and_is_not_carried) {
    Layer layer = Layer::of({}, {surprisal_a});
    layer.n_new = 3;
    EXPECT_EQ(kept_slots(as_in_paper({.novelty = 1, .carried = false}), layer, 2), (Heads{{8, 9}}));
    EXPECT_EQ(kept_slots(as_in_paper({.novelty = 1, .carried = false}), layer, 5),
              (Heads{{5, 6, 7, 8, 9}}));
}

TEST(InfiniPot, Without_a_catalyst_ranks_by_the_attention_of_the_last_token) {
    const PolicyPtr policy = as_in_paper({.probe = Probe::last});
    EXPECT_EQ(policy->needs(),
              (Needs{.attention = AttentionProbe::recent, .n_query = 1, .surprisal = true}));
    EXPECT_EQ(kept_slots(policy, one_head, 4), (Heads{{0, 2, 3, 6}}));
    EXPECT_EQ(as_in_paper({.novelty = 1, .probe = Probe::last})->needs(), Needs{.surprisal = true});
}

TEST(InfiniPot, Multiplies_attention_but_not_surprisal_by_the_norm_of_the_value) {
    Layer layer = one_head;
    layer.value_norm = {1, 1, 1, 1, 1, 1, 1, 2, 1, 100};  // 7: 10; 9 stays at 0
    // By surprisal 2 and 6 as without, though 9 would have 600; then by attention 7 and 0.
    EXPECT_EQ(kept_slots(as_in_paper({.value_norm = ValueNorm::l1}), layer, 4),
              (Heads{{0, 2, 6, 7}}));
}

TEST(InfiniPot, With_share_heads_all_heads_keep_the_highest_sum_of_attention) {
    // The sum is highest at 4, which is neither head's first, and then at 2 and 6.
    const Layer layer = Layer::of({{0, 0, 9, 0, 6, 0, 1, 0}, {0, 0, 0, 0, 6, 0, 7, 5}}, {});
    EXPECT_EQ(kept_slots(as_in_paper({.novelty = 0}), layer, 2), (Heads{{2, 4}, {4, 6}}));
    const PolicyPtr shared = infinipot({.novelty = 0, .share = Share::heads, .pool = 1});
    EXPECT_EQ(kept_slots(shared, layer, 1), (Heads{{4}, {4}}));
    EXPECT_EQ(kept_slots(shared, layer, 3), (Heads{{2, 4, 6}, {2, 4, 6}}));
}

TEST(InfiniPot, With_share_layers_all_heads_keep_the_highest_attention_of_any_head) {
    // The most is highest at 2, then at 6 and 4; the sum would be highest at 4.
    const Layer layer = Layer::of({{0, 0, 9, 0, 6, 0, 1, 0}, {0, 0, 0, 0, 6, 0, 7, 5}}, {});
    const PolicyPtr shared = infinipot({.novelty = 0, .share = Share::layers, .pool = 1});
    EXPECT_EQ(kept_slots(shared, layer, 1), (Heads{{2}, {2}}));
    EXPECT_EQ(kept_slots(shared, layer, 3), (Heads{{2, 4, 6}, {2, 4, 6}}));
    EXPECT_TRUE(shared->needs().across_layers);
    EXPECT_FALSE(infinipot({.share = Share::heads})->needs().across_layers);
    EXPECT_FALSE(infinipot({.novelty = 1})->needs().across_layers)
        << "where attention is not asked";
}

TEST(InfiniPot, Refuses_an_unknown_share_and_value_norms_with_share_layers) {
    EXPECT_THROW(infinipot({.share = static_cast<Share>(3)}), Error);
    EXPECT_THROW(infinipot({.share = static_cast<Share>(-1)}), Error);
    EXPECT_THROW(infinipot({.share = Share::layers, .value_norm = ValueNorm::l1}), Error);
}

TEST(InfiniPot, Novelty_differs_between_heads_that_share_attention) {
    const Layer layer = Layer::of({{9, 0, 0, 0}, {0, 8, 0, 0}}, {{0, 0, 0, 1}, {0, 0, 1, 0}});
    const PolicyPtr policy =
        infinipot({.novelty = 0.5f, .share = Share::heads, .pool = 1, .novelty_pool = 1});
    EXPECT_EQ(kept_slots(policy, layer, 2), (Heads{{0, 3}, {0, 2}}));
}

TEST(InfiniPot, Keeps_the_neighbours_of_an_attended_entry) {
    // Without pooling: 3, 8 and, of those with nothing, the most recent.
    const Layer layer = Layer::of({{0, 0, 0, 9, 0, 0, 0, 0, 5, 0}}, {});
    EXPECT_EQ(kept_slots(as_in_paper({.novelty = 0}), layer, 4), (Heads{{3, 7, 8, 9}}));
    EXPECT_EQ(kept_slots(infinipot({.novelty = 0, .pool = 3}), layer, 4), (Heads{{2, 3, 4, 9}}));
    EXPECT_EQ(kept_slots(infinipot({.novelty = 0, .pool = 5}), layer, 5), (Heads{{1, 2, 3, 4, 5}}));
    EXPECT_EQ(kept_slots(infinipot({.novelty = 0, .pool = 7}), layer, 7),
              (Heads{{0, 1, 2, 3, 4, 5, 6}}));
}

TEST(InfiniPot, Pools_attention_that_is_weighted_already) {
    Layer layer = Layer::of({{1, 0, 0, 0, 0, 0, 0, 0, 2, 0}}, {});
    layer.value_norm = {9, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    EXPECT_EQ(
        kept_slots(
            infinipot(
                {.novelty = 0, .share = Share::heads, .pool = 3, .value_norm = ValueNorm::l1}),
            layer, 2),
        (Heads{{0, 1}}));
}

TEST(InfiniPot, Averages_surprisal_over_its_own_pool) {
    // Averages of three: 0, 3, 3, 3, 2, 4, 4, 4, 2, 0. Ties keep the more recent.
    const Layer layer = Layer::of({}, {{0, 0, 9, 0, 0, 6, 6, 0, 0, 0}});
    EXPECT_EQ(kept_slots(infinipot({.novelty = 1, .novelty_pool = 3}), layer, 3),
              (Heads{{3, 5, 6}}));
    EXPECT_EQ(kept_slots(infinipot({.novelty = 1, .novelty_pool = 1}), layer, 3),
              (Heads{{2, 5, 6}}));
}

TEST(InfiniPot, Pools_attention_by_its_maximum) {
    const Layer layer = Layer::of({{9, 0, 0, 0, 0, 0, 5, 5, 5, 0}}, {});
    EXPECT_EQ(kept_slots(infinipot({.novelty = 0, .pool = 3}), layer, 2), (Heads{{0, 1}}));
}

TEST(InfiniPot, NaN_neither_wins_nor_spoils_its_neighbours) {
    const Layer layer = Layer::of({{nan, 0, 0, 0, 0, 0, 0, 1, 2, nan}}, {});
    EXPECT_EQ(kept_slots(infinipot({.novelty = 0, .pool = 3}), layer, 3), (Heads{{7, 8, 9}}));
}

TEST(InfiniPot, Needs_the_norm_of_the_value_only_to_weight_attention) {
    EXPECT_EQ(as_in_paper({.value_norm = ValueNorm::l2})->needs(),
              (Needs{.attention = AttentionProbe::catalyst,
                     .surprisal = true,
                     .value_norm = ValueNorm::l2}));
    EXPECT_EQ(as_in_paper({.novelty = 1, .value_norm = ValueNorm::l2})->needs(),
              Needs{.surprisal = true});
}

TEST(InfiniPot, Without_novelty_neither_needs_nor_reads_surprisal) {
    const PolicyPtr policy = as_in_paper({.novelty = 0});
    EXPECT_FALSE(policy->needs().surprisal);
    EXPECT_EQ(policy->needs().attention, AttentionProbe::catalyst);
    EXPECT_EQ(kept_slots(policy, Layer::of({attention_a}, {}), 3), (Heads{{0, 2, 3}}));
}

TEST(InfiniPot, With_novelty_alone_neither_needs_nor_reads_attention) {
    const PolicyPtr policy = as_in_paper({.novelty = 1});
    EXPECT_TRUE(policy->needs().surprisal);
    EXPECT_EQ(policy->needs().attention, AttentionProbe::none);
    EXPECT_EQ(kept_slots(policy, Layer::of({}, {surprisal_a}), 3), (Heads{{2, 6, 8}}));
}

TEST(InfiniPot, Needs_both_measurements_by_default) {
    EXPECT_EQ(as_in_paper()->needs(),
              (Needs{.attention = AttentionProbe::catalyst, .surprisal = true}));
    EXPECT_EQ(infinipot()->spec(),
              "infinipot:novelty=0.5,carried=yes,probe=catalyst,share=layers,pool=sentence,"
              "novelty_pool=sentence,value_norm=none");
    EXPECT_EQ(
        infinipot({.novelty = 1,
                   .carried = false,
                   .probe = Probe::last,
                   .share = Share::none,
                   .pool = 3,
                   .novelty_pool = 5,
                   .value_norm = ValueNorm::l2})
            ->spec(),
        "infinipot:novelty=1,carried=no,probe=last,share=none,pool=3,novelty_pool=5,value_norm=l2");
}

TEST(InfiniPot, Evicts_when_the_cache_is_full_and_resets_positions) {
    EXPECT_EQ(as_in_paper()->schedule(), Schedule::when_full);
    EXPECT_EQ(as_in_paper()->positions(), Positions(Positions::reset));
}

TEST(InfiniPot, Refuses_a_novelty_that_is_not_a_share) {
    for (const float novelty : {-0.1f, 1.1f, nan, std::numeric_limits<float>::infinity()}) {
        EXPECT_THROW(infinipot({.novelty = novelty}), Error) << novelty;
    }
    EXPECT_EQ(refusal([] { infinipot({.novelty = 1.5f}); }),
              "policy infinipot wants a number from 0 to 1 for novelty, not \"1.5\"");
}

TEST(InfiniPot, Names_the_allowed_values_of_its_other_options) {
    EXPECT_EQ(refusal([] { infinipot({.pool = 4}); }),
              "policy infinipot wants sentence or an odd number of at least 1 for pool, not \"4\"");
    EXPECT_EQ(refusal([] { infinipot({.novelty_pool = -1}); }),
              "policy infinipot wants sentence or an odd number of at least 1 for novelty_pool, "
              "not \"-1\"");
    EXPECT_EQ(refusal([] { infinipot({.value_norm = static_cast<ValueNorm>(3)}); }),
              "policy infinipot wants none, l1 or l2 for value_norm, not \"3\"");
    EXPECT_EQ(refusal([] { make_policy("infinipot:carried=2"); }),
              "policy infinipot wants no or yes for carried, not \"2\"");
    EXPECT_EQ(refusal([] { make_policy("infinipot:probe=no"); }),
              "policy infinipot wants catalyst or last for probe, not \"no\"");
}

// Nine slots a sentence: the first and the last of three.
Layer three_sentences() {
    Layer layer = {.n_head_kv = 1, .n_kv = 27, .n_new = 27};
    layer.attention.assign(27, 0.0f);
    layer.surprisal.assign(27, 0.0f);
    for (int slot = 0; slot < 27; ++slot) {
        layer.position.push_back(slot);
        layer.ends_sentence.push_back(slot % 9 == 8 ? 1 : 0);
    }
    layer.surprisal[2] = 9;   // the first sentence surprises
    layer.surprisal[11] = 5;  // the second less
    layer.attention[20] = 1;  // the third is attended to
    return layer;
}

TEST(InfiniPot, Keeps_whole_sentences_by_default) {
    const auto by_sentence = infinipot({.pool = std::nullopt, .novelty_pool = std::nullopt});
    EXPECT_EQ(kept_slots(by_sentence, three_sentences(), 18),
              (Heads{{0, 1, 2, 3, 4, 5, 6, 7, 8, 18, 19, 20, 21, 22, 23, 24, 25, 26}}));
    EXPECT_EQ(by_sentence->spec(),
              make_policy("infinipot:pool=sentence,novelty_pool=sentence")->spec());
}

TEST(InfiniPot, Needs_sentences_only_to_pool_by_them) {
    const auto reads = [](InfiniPotOptions options) {
        const Needs needs = infinipot(options)->needs();
        EXPECT_EQ(needs.sentences, needs.position);
        return needs.sentences;
    };
    EXPECT_TRUE(reads({}));
    EXPECT_TRUE(reads({.novelty_pool = 1}));
    EXPECT_TRUE(reads({.pool = 1}));
    EXPECT_FALSE(reads({.pool = 1, .novelty_pool = 1}));
    EXPECT_FALSE(reads({.novelty = 1, .novelty_pool = 1}));
    EXPECT_FALSE(reads({.novelty = 0, .pool = 1}));
}

}  // namespace
}  // namespace infinipot::policies
