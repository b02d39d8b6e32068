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

// Slot                                 0  1  2  3  4  5  6  7  8  9: the last two observe
const std::vector<float> attention = {5, 0, 0, 0, 4, 4, 0, 3, 9, 9};
// Sums of three, in front of them:     5  5  0  4  8  8  7  3
// Sums of five:                        5  5  9  8  8 11 11  7
// Highest of three:                    5  5  0  4  4  4  4  3
const Layer one_head = Layer::of({attention}, {});

constexpr SnapKvOptions of_three = {.window = 2, .pool = 3};

TEST(SnapKv, Keeps_the_window_and_the_highest_average_over_neighbours) {
    EXPECT_EQ(kept_slots(snapkv(of_three), one_head, 5), (Heads{{4, 5, 6, 8, 9}}));
}

TEST(SnapKv, Pools_zeros_before_the_start) {
    // (0 + 5 + 0) / 3 is less than (4 + 0 + 3) / 3; over the two there are it would be more.
    EXPECT_EQ(kept_slots(snapkv(of_three), one_head, 5), (Heads{{4, 5, 6, 8, 9}}));
    EXPECT_EQ(kept_slots(snapkv(of_three), one_head, 6), (Heads{{1, 4, 5, 6, 8, 9}}));
}

TEST(SnapKv, Pools_zeros_in_place_of_the_window) {
    const std::vector<float> at_end = {0, 4, 4, 4, 0, 0, 0, 8, 9, 9};
    // Slot 7: (0 + 8 + 0) / 3, slot 2: (4 + 4 + 4) / 3. Next are 1 and 3, 8 / 3 as 7 and 6.
    EXPECT_EQ(kept_slots(snapkv(of_three), Layer::of({at_end}, {}), 3), (Heads{{2, 8, 9}}));
    EXPECT_EQ(kept_slots(snapkv(of_three), Layer::of({at_end}, {}), 5), (Heads{{2, 6, 7, 8, 9}}));
}

TEST(SnapKv, Pools_over_the_requested_number_of_entries) {
    EXPECT_EQ(kept_slots(snapkv({.window = 2, .pool = 1}), one_head, 5), (Heads{{0, 4, 5, 8, 9}}));
    EXPECT_EQ(kept_slots(snapkv({.window = 2, .pool = 5}), one_head, 5), (Heads{{2, 5, 6, 8, 9}}));
    // All eight: 16 / 99 each.
    EXPECT_EQ(kept_slots(snapkv({.window = 2, .pool = 99}), one_head, 5), (Heads{{5, 6, 7, 8, 9}}));
}

TEST(SnapKv, With_pooling_maximum_takes_the_highest_neighbour) {
    const SnapKvOptions highest = {.window = 2, .pool = 3, .pooling = Pooling::maximum};
    EXPECT_EQ(kept_slots(snapkv(highest), one_head, 4), (Heads{{0, 1, 8, 9}}));
    EXPECT_EQ(kept_slots(snapkv(highest), one_head, 5), (Heads{{0, 1, 6, 8, 9}}));
    const std::vector<float> low_end = {5, 0, 0, 0, 4, 4, 0, 0, 9, 9};
    // Slot 7: the highest of 0 and 0; the window behind it is not looked at.
    EXPECT_EQ(kept_slots(snapkv(highest), Layer::of({low_end}, {}), 5), (Heads{{0, 1, 6, 8, 9}}));
}

TEST(SnapKv, Keeps_the_window_even_if_nothing_attends_to_it) {
    const std::vector<float> ignored = {5, 0, 0, 0, 4, 4, 0, 3, 0, 0};
    EXPECT_EQ(kept_slots(snapkv(of_three), Layer::of({ignored}, {}), 5), (Heads{{4, 5, 6, 8, 9}}));
}

TEST(SnapKv, Keeps_the_most_recent_of_a_window_larger_than_the_room) {
    EXPECT_EQ(kept_slots(snapkv({.window = 4}), one_head, 3), (Heads{{7, 8, 9}}));
    EXPECT_EQ(kept_slots(snapkv({.window = 32}), one_head, 5), (Heads{{5, 6, 7, 8, 9}}));
}

TEST(SnapKv, Keeps_protected_entries_and_fills_the_room) {
    std::vector<Keep> heads(1, Keep(10, 5));
    heads[0].first(1);
    snapkv(of_three)->select(one_head.view(), heads);
    EXPECT_EQ(heads[0].slots(), (std::vector<int>{0, 4, 5, 8, 9}));
}

TEST(SnapKv, Selects_every_head_by_its_own_attention) {
    const std::vector<float> other = {0, 0, 6, 0, 0, 0, 0, 0, 1, 1};
    EXPECT_EQ(kept_slots(snapkv(of_three), Layer::of({attention, other}, {}), 5),
              (Heads{{4, 5, 6, 8, 9}, {1, 2, 3, 8, 9}}));
}

TEST(SnapKv, Multiplies_attention_by_the_norm_of_the_value_before_it_is_pooled) {
    Layer layer = one_head;
    layer.value_norm = {1, 1, 1, 1, 1, 1, 1, 5, 1, 1};
    SnapKvOptions options = of_three;
    options.value_norm = ValueNorm::l1;
    // Slot 7 is 15; of three sums 6 has 19, 7 has 15, 5 and 4 have 8. Afterwards 6 would have 7.
    EXPECT_EQ(kept_slots(snapkv(options), layer, 5), (Heads{{5, 6, 7, 8, 9}}));
}

TEST(SnapKv, Breaks_ties_in_favour_of_the_more_recent) {
    EXPECT_EQ(kept_slots(snapkv(of_three), one_head, 3), (Heads{{5, 8, 9}}));
}

TEST(SnapKv, Never_prefers_NaN_or_entries_pooled_with_it) {
    std::vector<float> with_nan = attention;
    with_nan[4] = nan;  // 3, 4 and 5 are NaN then
    EXPECT_EQ(kept_slots(snapkv(of_three), Layer::of({with_nan}, {}), 5), (Heads{{0, 1, 6, 8, 9}}));
}

TEST(SnapKv, Needs_the_attention_of_its_window) {
    EXPECT_EQ(snapkv({.window = 7})->needs(),
              (Needs{.attention = AttentionProbe::recent, .n_query = 7}));
    EXPECT_EQ(
        snapkv({.value_norm = ValueNorm::l2})->needs(),
        (Needs{.attention = AttentionProbe::recent, .n_query = 32, .value_norm = ValueNorm::l2}));
}

TEST(SnapKv, Evicts_once_at_the_end_with_positions_of_the_stream) {
    EXPECT_EQ(snapkv()->schedule(), Schedule::at_end);
    EXPECT_EQ(snapkv()->positions(), Positions(Positions::keep));
    EXPECT_EQ(snapkv()->spec(), "snapkv:window=32,pool=5,pooling=average,value_norm=none");
    EXPECT_EQ(
        snapkv({.window = 64, .pool = 7, .pooling = Pooling::maximum, .value_norm = ValueNorm::l1})
            ->spec(),
        "snapkv:window=64,pool=7,pooling=maximum,value_norm=l1");
}

TEST(SnapKv, Names_the_allowed_values_of_its_options) {
    EXPECT_EQ(refusal([] { snapkv({.window = 0}); }),
              "policy snapkv wants a whole number of at least 1 for window, not \"0\"");
    EXPECT_EQ(refusal([] { snapkv({.pool = 4}); }),
              "policy snapkv wants an odd number of at least 1 for pool, not \"4\"");
    EXPECT_EQ(refusal([] { snapkv({.pool = -1}); }),
              "policy snapkv wants an odd number of at least 1 for pool, not \"-1\"");
    EXPECT_EQ(refusal([] { snapkv({.value_norm = static_cast<ValueNorm>(3)}); }),
              "policy snapkv wants none, l1 or l2 for value_norm, not \"3\"");
    EXPECT_EQ(refusal([] { make_policy("snapkv:pooling=max"); }),
              "policy snapkv wants average or maximum for pooling, not \"max\"");
}

}  // namespace
}  // namespace infinipot::policies
