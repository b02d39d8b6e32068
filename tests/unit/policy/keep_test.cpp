#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "infinipot/policy.h"

namespace infinipot {
namespace {

using Slots = std::vector<int>;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

TEST(Keep, Starts_with_nothing_kept_and_all_room) {
    const Keep keep(10, 4);
    EXPECT_EQ(keep.n_kv(), 10);
    EXPECT_EQ(keep.room(), 4);
    EXPECT_EQ(keep.slots(), Slots{});
}

TEST(Keep, First_keeps_the_oldest) { EXPECT_EQ(Keep(10, 4).first(3).slots(), (Slots{0, 1, 2})); }

TEST(Keep, Last_keeps_the_most_recent) { EXPECT_EQ(Keep(10, 4).last(3).slots(), (Slots{7, 8, 9})); }

TEST(Keep, First_stops_when_the_room_is_used_up) {
    EXPECT_EQ(Keep(10, 4).first(7).slots(), (Slots{0, 1, 2, 3}));
}

TEST(Keep, Last_stops_when_the_room_is_used_up_and_prefers_the_most_recent) {
    EXPECT_EQ(Keep(10, 4).last(7).slots(), (Slots{6, 7, 8, 9}));
}

TEST(Keep, First_and_last_keep_everything_if_asked_for_more) {
    EXPECT_EQ(Keep(3, 3).first(100).slots(), (Slots{0, 1, 2}));
    EXPECT_EQ(Keep(3, 3).last(100).slots(), (Slots{0, 1, 2}));
}

TEST(Keep, First_and_last_and_best_of_none_keep_nothing) {
    const std::vector<float> score = {1, 2, 3};
    EXPECT_EQ(Keep(3, 3).first(0).last(0).best(score, 0).room(), 3);
    EXPECT_EQ(Keep(3, 3).first(-1).last(-1).best(score, -1).room(), 3);
}

TEST(Keep, First_counts_slots_kept_already_among_the_oldest) {
    Keep keep(10, 6);
    keep.first(4).first(4);
    EXPECT_EQ(keep.slots(), (Slots{0, 1, 2, 3}));
    EXPECT_EQ(keep.room(), 2);
}

TEST(Keep, A_slot_kept_twice_uses_room_once) {
    Keep keep(4, 4);
    keep.first(3).last(3);
    EXPECT_EQ(keep.slots(), (Slots{0, 1, 2, 3}));
    EXPECT_EQ(keep.room(), 0);
}

TEST(Keep, Best_keeps_the_highest_scores_in_reading_order) {
    const std::vector<float> score = {3, 9, 1, 4, 8, 2, 7, 0, 6, 5};
    EXPECT_EQ(Keep(10, 5).best(score, 3).slots(), (Slots{1, 4, 6}));
}

TEST(Keep, Best_keeps_negative_scores_in_their_order) {
    const std::vector<float> score = {-3, -9, -1, -4, -8, -2, -7, -10, -6, -5};
    EXPECT_EQ(Keep(10, 5).best(score, 3).slots(), (Slots{0, 2, 5}));
}

TEST(Keep, Best_passes_over_slots_kept_already) {
    const std::vector<float> score = {9, 8, 1, 7, 2, 6, 3, 5, 4, 0};
    EXPECT_EQ(Keep(10, 5).first(2).best(score, 2).slots(), (Slots{0, 1, 3, 5}));
}

TEST(Keep, Best_stops_when_the_room_is_used_up) {
    const std::vector<float> score = {9, 8, 1, 7, 2, 6, 3, 5, 4, 0};
    EXPECT_EQ(Keep(10, 3).last(1).best(score, 100).slots(), (Slots{0, 1, 9}));
}

TEST(Keep, Best_of_equal_scores_keeps_the_more_recent) {
    const std::vector<float> score = {5, 1, 5, 1, 5, 1, 5, 1, 5, 1};
    EXPECT_EQ(Keep(10, 10).best(score, 3).slots(), (Slots{4, 6, 8}));
    EXPECT_EQ(Keep(10, 10).best(score, 7).slots(), (Slots{0, 2, 4, 6, 7, 8, 9}));
}

TEST(Keep, Best_takes_minus_zero_and_zero_as_equal) {
    const std::vector<float> score = {0.0f, -0.0f, 0.0f, -0.0f};
    EXPECT_EQ(Keep(4, 2).best(score, 2).slots(), (Slots{2, 3}));
}

TEST(Keep, Best_takes_NaN_as_worse_than_every_number) {
    const std::vector<float> score = {nan, -1, nan, -infinity, nan, -2, nan, -3, nan, nan};
    EXPECT_EQ(Keep(10, 10).best(score, 3).slots(), (Slots{1, 5, 7}));
    EXPECT_EQ(Keep(10, 10).best(score, 4).slots(), (Slots{1, 3, 5, 7}));
}

TEST(Keep, Best_of_NaN_alone_keeps_the_more_recent) {
    const std::vector<float> score(10, nan);
    EXPECT_EQ(Keep(10, 3).best(score, 3).slots(), (Slots{7, 8, 9}));
}

TEST(Keep, Best_takes_infinity_as_the_highest_score) {
    const std::vector<float> score = {1, infinity, 3, nan, 2};
    EXPECT_EQ(Keep(5, 1).best(score, 1).slots(), (Slots{1}));
}

TEST(Keep, Fill_best_uses_all_remaining_room) {
    const std::vector<float> score = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    Keep keep(10, 5);
    keep.first(2).fill_best(score);
    EXPECT_EQ(keep.slots(), (Slots{0, 1, 7, 8, 9}));
    EXPECT_EQ(keep.room(), 0);
}

TEST(Keep, Fill_recent_uses_all_remaining_room_most_recent_first) {
    Keep keep(10, 5);
    keep.last(1).first(1).fill_recent();
    EXPECT_EQ(keep.slots(), (Slots{0, 6, 7, 8, 9}));
    EXPECT_EQ(keep.room(), 0);
}

TEST(Keep, Keeps_everything_if_there_is_room_for_all) {
    const std::vector<float> score = {nan, 1, -infinity};
    EXPECT_EQ(Keep(3, 3).fill_best(score).slots(), (Slots{0, 1, 2}));
    EXPECT_EQ(Keep(3, 3).fill_recent().slots(), (Slots{0, 1, 2}));
}

TEST(Keep, Without_room_keeps_nothing_and_reads_no_score) {
    EXPECT_EQ(Keep(3, 0).first(1).last(1).fill_best({}).fill_recent().slots(), Slots{});
}

}  // namespace
}  // namespace infinipot
