#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "infinipot/policies.h"
#include "support/layer.h"

namespace infinipot::policies {
namespace {

using Heads = std::vector<std::vector<int>>;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

Layer with_norms(const std::vector<std::vector<float>>& rows) {
    Layer layer = Layer::of(rows, {});
    layer.key_norm.swap(layer.attention);
    return layer;
}

// Slot                             0  1  2  3  4  5  6  7  8  9
const std::vector<float> norms = {9, 1, 8, 7, 2, 6, 3, 5, 4, 10};

TEST(L2Norm, Keeps_the_keys_of_lowest_norm) {
    EXPECT_EQ(kept_slots(l2norm(), with_norms({norms}), 3), (Heads{{1, 4, 6}}));
}

TEST(L2Norm, Selects_every_head_by_its_own_keys) {
    const std::vector<float> reversed(norms.rbegin(), norms.rend());
    EXPECT_EQ(kept_slots(l2norm(), with_norms({norms, reversed}), 3),
              (Heads{{1, 4, 6}, {3, 5, 8}}));
}

TEST(L2Norm, Keeps_protected_entries_and_fills_the_room) {
    std::vector<Keep> heads(1, Keep(10, 4));
    heads[0].first(1).last(1);
    l2norm()->select(with_norms({norms}).view(), heads);
    EXPECT_EQ(heads[0].slots(), (std::vector<int>{0, 1, 4, 9}));
}

TEST(L2Norm, Breaks_ties_in_favour_of_the_more_recent) {
    EXPECT_EQ(kept_slots(l2norm(), with_norms({std::vector<float>(10, 2.0f)}), 3),
              (Heads{{7, 8, 9}}));
}

TEST(L2Norm, Never_prefers_NaN) {
    std::vector<float> with_nan = norms;
    with_nan[1] = nan;  // was the lowest
    EXPECT_EQ(kept_slots(l2norm(), with_norms({with_nan}), 3), (Heads{{4, 6, 8}}));
}

TEST(L2Norm, Needs_only_the_norms_of_keys) {
    EXPECT_EQ(l2norm()->needs(), Needs{.key_norm = true});
    EXPECT_EQ(l2norm()->schedule(), Schedule::when_full);
    EXPECT_EQ(l2norm()->positions(), Positions(Positions::reset));
    EXPECT_EQ(l2norm()->spec(), "l2norm");
}

}  // namespace
}  // namespace infinipot::policies
