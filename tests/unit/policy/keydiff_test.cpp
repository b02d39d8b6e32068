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

Layer with_similarity(const std::vector<std::vector<float>>& rows) {
    Layer layer = Layer::of(rows, {});
    layer.key_similarity.swap(layer.attention);
    return layer;
}

// Slot                                  0     1      2     3     4     5     6     7     8     9
const std::vector<float> similarity = {0.9f, 0.1f, -0.8f, 0.7f, 0.2f, 0.6f, 0.3f, 0.5f, 0.4f, 0.0f};

TEST(KeyDiff, Keeps_the_keys_least_similar_to_the_others) {
    // The opposite of the others, cosine -0.8, is least like them.
    EXPECT_EQ(kept_slots(keydiff(), with_similarity({similarity}), 3), (Heads{{1, 2, 9}}));
}

TEST(KeyDiff, Keeps_the_requested_number_of_sinks) {
    EXPECT_EQ(kept_slots(keydiff({.sinks = 1}), with_similarity({similarity}), 3),
              (Heads{{0, 2, 9}}));
}

TEST(KeyDiff, Selects_every_head_by_its_own_keys) {
    const std::vector<float> reversed(similarity.rbegin(), similarity.rend());
    EXPECT_EQ(kept_slots(keydiff(), with_similarity({similarity, reversed}), 3),
              (Heads{{1, 2, 9}, {0, 7, 8}}));
}

TEST(KeyDiff, Keeps_protected_entries_and_fills_the_room) {
    std::vector<Keep> heads(1, Keep(10, 4));
    heads[0].first(1).last(1);
    keydiff()->select(with_similarity({similarity}).view(), heads);
    EXPECT_EQ(heads[0].slots(), (std::vector<int>{0, 1, 2, 9}));
}

TEST(KeyDiff, Breaks_ties_in_favour_of_the_more_recent) {
    EXPECT_EQ(kept_slots(keydiff(), with_similarity({std::vector<float>(10, 0.5f)}), 3),
              (Heads{{7, 8, 9}}));
}

TEST(KeyDiff, Never_prefers_NaN) {
    std::vector<float> with_nan = similarity;
    with_nan[2] = nan;  // was least like the others
    EXPECT_EQ(kept_slots(keydiff(), with_similarity({with_nan}), 3), (Heads{{1, 4, 9}}));
}

TEST(KeyDiff, Needs_the_similarity_of_keys) {
    EXPECT_EQ(keydiff()->needs(), Needs{.key_similarity = true});
    EXPECT_EQ(keydiff()->schedule(), Schedule::when_full);
    EXPECT_EQ(keydiff()->positions(), Positions(Positions::reset));
    EXPECT_EQ(keydiff()->spec(), "keydiff:sinks=0");
    EXPECT_EQ(keydiff({.sinks = 4})->spec(), "keydiff:sinks=4");
}

TEST(KeyDiff, Names_the_allowed_values_of_its_options) {
    EXPECT_EQ(refusal([] { keydiff({.sinks = -1}); }),
              "policy keydiff wants a whole number of at least 0 for sinks, not \"-1\"");
}

}  // namespace
}  // namespace infinipot::policies
