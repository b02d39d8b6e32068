#include "cache/kv_cache.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <tuple>
#include <vector>

#include "support/cache_test.h"

namespace infinipot {
namespace {

class KvCacheTest : public CacheTest {};

INSTANTIATE_TEST_SUITE_P(Types, KvCacheTest, testing::ValuesIn(pot_types), type_name);

TEST_P(KvCacheTest, Finds_rows_where_the_tensor_has_them) {
    fill();
    for (int il = 0; il < shape.n_layer; ++il) {
        for (ggml_tensor* pot : {cache_.keys(il), cache_.rotated_keys(il), cache_.values(il)}) {
            const auto* data = static_cast<const std::byte*>(pot->data);
            const std::size_t row_bytes = ggml_row_size(GetParam(), 64);
            EXPECT_EQ(cache_.row(pot, 0, 0), data);
            EXPECT_EQ(cache_.row(pot, 0, 3), data + 3 * row_bytes);
            EXPECT_EQ(cache_.row(pot, 2, 5), data + (2 * 16 + 5) * row_bytes);
        }
    }
}

TEST_P(KvCacheTest, Sums_attention_for_every_entry_of_every_head) {
    append_random(cache_, 3);
    cache_.add_attention(1, 2, std::vector<float>{1, 2, 3});
    cache_.add_attention(1, 2, std::vector<float>{10, 20, 30});
    EXPECT_EQ(attention(cache_, 1, 2), (std::vector<float>{11, 22, 33}));
    EXPECT_EQ(attention(cache_, 1, 1), (std::vector<float>{0, 0, 0}));
    EXPECT_EQ(attention(cache_, 0, 2), (std::vector<float>{0, 0, 0}));
}

TEST_P(KvCacheTest, Attention_of_new_entries_begins_at_zero) {
    append_random(cache_, 4);
    cache_.add_attention(0, 0, std::vector<float>{1, 1, 1, 1});
    cache_.truncate(2);  // what slots 2 and 3 had is forgotten
    cache_.add_attention(0, 0, std::vector<float>{5, 6, 7, 8, 9});
    EXPECT_EQ(attention(cache_, 0, 0), (std::vector<float>{6, 7}));
    append_random(cache_, 3);
    EXPECT_EQ(attention(cache_, 0, 0), (std::vector<float>{6, 7, 7, 8, 9}));
}

TEST_P(KvCacheTest, Moves_all_parts_of_the_last_entry_of_one_head) {
    fill();
    for (const auto& [il, head, slot] :
         {std::tuple{0, 0, 0}, {0, 1, 4}, {0, 2, 8}, {1, 0, 1}, {1, 1, 9}, {1, 2, 5}}) {
        std::vector<std::vector<Entry>> expected;
        for (int i = 0; i < 6; ++i) expected.push_back(entries(cache_, i / 3, i % 3));
        auto& moved = expected[static_cast<std::size_t>(il * 3 + head)];
        moved[static_cast<std::size_t>(slot)] = moved.back();

        cache_.move_last_to(il, head, slot);

        for (int i = 0; i < 6; ++i) {
            EXPECT_EQ(entries(cache_, i / 3, i % 3), expected[static_cast<std::size_t>(i)]) << i;
        }
    }
    EXPECT_EQ(cache_.n(), 10);
}

TEST_P(KvCacheTest, Gathers_all_parts_of_entries) {
    fill();
    const KeptSlots kept = {{0, 1, 4, 9}, {1, 2, 3, 4}, {0, 1, 2, 9},
                            {6, 7, 8, 9}, {0, 3, 5, 7}, {0, 1, 2, 3}};
    std::vector<std::vector<Entry>> expected(6);
    for (std::size_t i = 0; i < 6; ++i) {
        for (const int slot : kept[i]) {
            expected[i].push_back(
                entry(cache_, static_cast<int>(i) / 3, static_cast<int>(i) % 3, slot));
        }
    }
    EXPECT_EQ(cache_.gather(kept), 0);
    EXPECT_EQ(cache_.n(), 4);
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(entries(cache_, i / 3, i % 3), expected[static_cast<std::size_t>(i)]) << i;
    }
}

TEST_P(KvCacheTest, Gathering_returns_the_first_slot_that_changed) {
    fill();
    KeptSlots kept(6, {0, 1, 2, 3, 4, 5});
    EXPECT_EQ(cache_.gather(kept), 6) << "none";
    kept.assign(6, {0, 1, 2, 3});
    kept[4] = {0, 1, 3, 5};
    EXPECT_EQ(cache_.gather(kept), 2);
}

TEST(KvCacheWithoutAttention, Moves_entries_and_takes_less_memory) {
    const CacheShape shape = shape_of(GGML_TYPE_F16);
    CacheShape without = shape;
    without.accumulates = false;
    KvCache cache(without, Backend(1).buffer_type());
    append_random(cache, 4);
    EXPECT_TRUE(cache.attention(0, 0).empty());
    const Entry last = entry(cache, 1, 2, 3);
    cache.move_last_to(1, 2, 0);
    EXPECT_EQ(entry(cache, 1, 2, 0), last);
    EXPECT_EQ(KvCache::entry_bytes(shape), KvCache::entry_bytes(without) + 2 * 3 * sizeof(float));
    EXPECT_EQ(cache.bytes(), 16 * KvCache::entry_bytes(without));
}

/// Three vectors and a tag of 16 bytes for each of 6 heads; 32 numbers take 64, 64, 34 or 18 bytes.
TEST(KvCacheOfEachType, Takes_the_documented_bytes_for_each_type) {
    std::vector<std::size_t> bytes;
    for (const ggml_type type : pot_types) {
        CacheShape shape = shape_of(type);
        shape.accumulates = false;
        bytes.push_back(KvCache::entry_bytes(shape));
        KvCache cache(shape, Backend(1).buffer_type());
        EXPECT_EQ(ggml_nbytes(cache.values(1)), 3 * 16 * ggml_row_size(type, 64));
    }
    EXPECT_EQ(bytes, (std::vector<std::size_t>{6 * (3 * 128 + 16), 6 * (3 * 128 + 16),
                                               6 * (3 * 68 + 16), 6 * (3 * 36 + 16)}));
}

}  // namespace
}  // namespace infinipot
