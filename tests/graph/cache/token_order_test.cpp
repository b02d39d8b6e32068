#include "cache/token_order.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <vector>

namespace infinipot {
namespace {

using Slots = std::vector<int>;

Slots of(const TokenOrder& order, int head) {
    const auto slots = order.slots(head);
    return {slots.begin(), slots.end()};
}

TEST(TokenOrder, Is_the_order_of_slots_until_an_eviction) {
    TokenOrder order(2, 8);
    EXPECT_EQ(order.n(), 0);
    EXPECT_EQ(of(order, 0), Slots{});
    order.append(3);
    order.append(1);
    EXPECT_EQ(order.n(), 4);
    EXPECT_EQ(of(order, 0), (Slots{0, 1, 2, 3}));
    EXPECT_EQ(of(order, 1), (Slots{0, 1, 2, 3}));
}

TEST(TokenOrder, Gives_a_freed_slot_to_the_newest_entry) {
    TokenOrder order(3, 8);
    order.append(4);
    order.replace(0, 1);  // slot 1 is free; the newest, in slot 3, moves there
    order.replace(1, 0);
    order.replace(2, 2);  // the one before the newest
    order.shrink();
    EXPECT_EQ(of(order, 0), (Slots{0, 2, 1}));
    EXPECT_EQ(of(order, 1), (Slots{1, 2, 0}));
    EXPECT_EQ(of(order, 2), (Slots{0, 1, 2}));
}

TEST(TokenOrder, Is_unchanged_if_the_newest_entry_is_evicted) {
    TokenOrder order(1, 8);
    order.append(4);
    order.replace(0, 1);
    order.shrink();
    order.append(1);
    order.replace(0, 3);
    order.shrink();
    EXPECT_EQ(of(order, 0), (Slots{0, 2, 1}));
}

TEST(TokenOrder, Ranks_entries_by_age_and_not_by_slot) {
    TokenOrder order(1, 8);
    order.append(4);
    order.replace(0, 0);
    order.shrink();
    EXPECT_EQ(of(order, 0), (Slots{1, 2, 0}));
    order.append(1);
    EXPECT_EQ(of(order, 0), (Slots{1, 2, 0, 3}));
    order.replace(0, 0);  // the oldest is in slot 1
    order.shrink();
    EXPECT_EQ(of(order, 0), (Slots{2, 0, 1}));
}

/// Moves tokens between slots as a KV cache does, and compares them with a plain list.
TEST(TokenOrder, Finds_every_entry_after_a_thousand_evictions) {
    constexpr int n_heads = 3, capacity = 9;
    std::minstd_rand random(1);
    TokenOrder order(n_heads, capacity);
    std::vector<Slots> held(n_heads, Slots(capacity)), expected(n_heads);
    int next = 0;
    const auto append = [&](int n) {
        for (int i = 0; i < n; ++i, ++next) {
            for (std::size_t head = 0; head < n_heads; ++head) {
                held[head][static_cast<std::size_t>(order.n() + i)] = next;
                expected[head].push_back(next);
            }
        }
        order.append(n);
    };
    append(capacity - 1);
    for (int step = 0; step < 1000; ++step) {
        append(1);
        for (int head = 0; head < n_heads; ++head) {
            const auto h = static_cast<std::size_t>(head);
            const auto rank = random() % capacity;
            held[h][static_cast<std::size_t>(order.slots(head)[rank])] = held[h][capacity - 1];
            order.replace(head, static_cast<int>(rank));
            expected[h].erase(expected[h].begin() + static_cast<std::ptrdiff_t>(rank));
        }
        order.shrink();
        for (int head = 0; head < n_heads; ++head) {
            Slots found;
            for (const int slot : order.slots(head)) {
                found.push_back(
                    held[static_cast<std::size_t>(head)][static_cast<std::size_t>(slot)]);
            }
            ASSERT_EQ(found, expected[static_cast<std::size_t>(head)]) << step;
        }
    }
}

}  // namespace
}  // namespace infinipot
