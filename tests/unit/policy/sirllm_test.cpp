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

// Slot                                 0  1  2  3  4  5  6  7  8  9
const std::vector<float> surprisal = {0, 1, 9, 2, 5, 3, 8, 4, 7, 6};
const Layer two_heads = Layer::of({}, {surprisal, surprisal});

TEST(SirLlm, Keeps_the_sinks_and_the_highest_surprisal_the_same_in_all_heads) {
    EXPECT_EQ(kept_slots(sirllm({.sinks = 2}), two_heads, 4), (Heads{{0, 1, 2, 6}, {0, 1, 2, 6}}));
}

TEST(SirLlm, Keeps_the_requested_number_of_recent_entries) {
    // One of 5 places is for a sink and two are for recent entries. By surprisal: 2 and 6, then 0,
    // then 9 and 8.
    EXPECT_EQ(kept_slots(sirllm({.sinks = 1, .recent = 2}), two_heads, 5)[0],
              (std::vector<int>{0, 2, 6, 8, 9}));
}

TEST(SirLlm, Fills_up_with_recent_entries_if_a_sink_is_among_the_highest) {
    const std::vector<float> sink_highest = {9, 1, 8, 2, 5, 3, 7, 4, 6, 0};
    // By surprisal 0, 2 and 6, of which 0 is a sink too: the place goes to 9, not to 8.
    EXPECT_EQ(kept_slots(sirllm({.sinks = 2}), Layer::of({}, {sink_highest}), 5),
              (Heads{{0, 1, 2, 6, 9}}));
}

TEST(SirLlm, Fills_up_with_recent_entries_if_a_recent_one_is_among_the_highest) {
    const std::vector<float> last_highest = {0, 1, 7, 2, 6, 3, 4, 5, 0, 9};
    // By surprisal 9 and 2, then the sink 0; the most recent left are 8 and 7, not 4.
    EXPECT_EQ(kept_slots(sirllm({.sinks = 1, .recent = 2}), Layer::of({}, {last_highest}), 5),
              (Heads{{0, 2, 7, 8, 9}}));
}

TEST(SirLlm, Keeps_four_sinks_and_no_recent_entries_by_default) {
    EXPECT_EQ(kept_slots(sirllm(), two_heads, 6)[0], (std::vector<int>{0, 1, 2, 3, 6, 9}));
    EXPECT_EQ(kept_slots(sirllm({.sinks = 0}), two_heads, 4)[0], (std::vector<int>{2, 6, 8, 9}));
}

TEST(SirLlm, Keeps_sinks_before_recent_entries_if_they_take_all_the_room) {
    EXPECT_EQ(kept_slots(sirllm({.sinks = 100}), two_heads, 2)[0], (std::vector<int>{0, 1}));
    EXPECT_EQ(kept_slots(sirllm({.sinks = 1, .recent = 9}), two_heads, 4)[0],
              (std::vector<int>{0, 7, 8, 9}));
}

TEST(SirLlm, Shares_the_room_that_protection_leaves) {
    std::vector<Keep> heads(2, Keep(10, 6));
    for (Keep& head : heads) head.last(2);
    sirllm({.sinks = 2})->select(two_heads.view(), heads);
    // Two of the 4 places left are for surprisal: 2 and 6 (8 is protected).
    EXPECT_EQ(heads[0].slots(), (std::vector<int>{0, 1, 2, 6, 8, 9}));
}

TEST(SirLlm, Breaks_ties_in_favour_of_the_more_recent) {
    const std::vector<float> same(10, 1.0f);
    EXPECT_EQ(kept_slots(sirllm({.sinks = 1}), Layer::of({}, {same}), 3), (Heads{{0, 8, 9}}));
}

TEST(SirLlm, Never_prefers_NaN) {
    std::vector<float> with_nan = surprisal;
    with_nan[2] = nan;  // was the highest
    EXPECT_EQ(kept_slots(sirllm({.sinks = 1}), Layer::of({}, {with_nan}), 3), (Heads{{0, 6, 8}}));
}

TEST(SirLlm, Needs_surprisal_and_evicts_when_the_cache_is_full) {
    EXPECT_EQ(sirllm()->needs(), Needs{.surprisal = true});
    EXPECT_EQ(sirllm()->schedule(), Schedule::when_full);
    EXPECT_EQ(sirllm()->positions(), Positions(Positions::reset));
    EXPECT_EQ(sirllm()->spec(), "sirllm:sinks=4,recent=0");
    EXPECT_EQ(sirllm({.sinks = 0, .recent = 7})->spec(), "sirllm:sinks=0,recent=7");
}

TEST(SirLlm, Names_the_allowed_values_of_its_options) {
    EXPECT_EQ(refusal([] { sirllm({.sinks = -1}); }),
              "policy sirllm wants a whole number of at least 0 for sinks, not \"-1\"");
    EXPECT_EQ(refusal([] { sirllm({.recent = -2}); }),
              "policy sirllm wants a whole number of at least 0 for recent, not \"-2\"");
}

}  // namespace
}  // namespace infinipot::policies
