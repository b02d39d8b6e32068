#include "cache/hidden_entries.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "support/cache_test.h"

namespace infinipot {
namespace {

class HiddenEntriesTest : public CacheTest {
   protected:
    HiddenEntriesTest() {
        fill();
        for (int i = 0; i < 6; ++i) before_.push_back(entries(cache_, i / 3, i % 3));
    }

    /// The same slots in all heads, but that the fifth head keeps slot 0 instead of its first.
    static KeptSlots kept(const std::vector<int>& slots) {
        KeptSlots kept(6, slots);
        kept[4].front() = 0;
        return kept;
    }

    void expect_everything_is_back() const {
        EXPECT_EQ(cache_.n(), 10);
        EXPECT_EQ(cache_.room(), 6);
        for (int i = 0; i < 6; ++i) {
            EXPECT_EQ(entries(cache_, i / 3, i % 3), before_[static_cast<std::size_t>(i)]) << i;
        }
    }

    std::vector<std::vector<Entry>> before_;  // of each head
    HiddenEntries::Scratch scratch_{cache_, 7};
};

INSTANTIATE_TEST_SUITE_P(Types, HiddenEntriesTest, testing::ValuesIn(pot_types), type_name);

// 3, 6, 8 and 5 entries are hidden: fewer than the free slots, as many, and more.
const std::vector<std::vector<int>> choices = {
    {0, 2, 3, 5, 6, 8, 9}, {1, 2, 3, 9}, {7, 9}, {0, 1, 2, 3, 4}};

TEST_P(HiddenEntriesTest, Leave_the_kept_entries_at_the_front_and_the_room_as_it_was) {
    for (const std::vector<int>& slots : choices) {
        const KeptSlots by_head = kept(slots);
        const HiddenEntries hidden(cache_, by_head, scratch_);
        EXPECT_EQ(cache_.n(), static_cast<int>(slots.size()));
        EXPECT_EQ(cache_.room(), 6);
        for (int i = 0; i < 6; ++i) {
            std::vector<Entry> expected;
            for (const int slot : by_head[static_cast<std::size_t>(i)]) {
                expected.push_back(
                    before_[static_cast<std::size_t>(i)][static_cast<std::size_t>(slot)]);
            }
            EXPECT_EQ(entries(cache_, i / 3, i % 3), expected) << i;
        }
    }
}

TEST_P(HiddenEntriesTest, Return_the_first_slot_that_changed) {
    EXPECT_EQ(HiddenEntries(cache_, kept({0, 1, 2, 3, 4}), scratch_).first_moved(), 5) << "none";
    EXPECT_EQ(HiddenEntries(cache_, kept({0, 2, 3, 5}), scratch_).first_moved(), 1);
    EXPECT_EQ(HiddenEntries(cache_, kept({7, 9}), scratch_).first_moved(), 0);
}

TEST_P(HiddenEntriesTest, Are_restored_bit_for_bit_when_they_go_out_of_scope) {
    for (const std::vector<int>& slots : choices) {
        { const HiddenEntries hidden(cache_, kept(slots), scratch_); }
        expect_everything_is_back();
    }
}

TEST_P(HiddenEntriesTest, Are_restored_after_rotations_and_as_many_new_entries_as_there_is_room) {
    for (const std::vector<int>& slots : choices) {
        {
            const HiddenEntries hidden(cache_, kept(slots), scratch_);
            for (int slot = 0; slot < cache_.n(); ++slot) {
                set_row(cache_, cache_.rotated_keys(1), 2, slot, normal_numbers(64, 77));
            }
            append_random(cache_, 6, 99);
            EXPECT_EQ(cache_.room(), 0);
        }
        expect_everything_is_back();
    }
}

TEST_P(HiddenEntriesTest, Take_memory_for_the_rotated_keys_that_are_kept) {
    const std::size_t row_bytes = ggml_row_size(GetParam(), 64);
    EXPECT_EQ(scratch_.bytes(), 2 * 3 * 7 * row_bytes);
    EXPECT_EQ(HiddenEntries::Scratch(cache_, 0).bytes(), 0u);
}

}  // namespace
}  // namespace infinipot
