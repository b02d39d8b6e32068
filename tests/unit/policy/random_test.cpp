#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "infinipot/policies.h"
#include "support/layer.h"

namespace infinipot::policies {
namespace {

using Heads = std::vector<std::vector<int>>;
using Stream = std::vector<std::int64_t>;

/// `n` entries that follow one another in the stream, the first at `first`.
Stream following(std::int64_t first, int n) {
    Stream positions(static_cast<std::size_t>(n));
    std::iota(positions.begin(), positions.end(), first);
    return positions;
}

/// Returns the slots that `n_heads` heads with the same entries keep.
Heads drawn(const Stream& positions, int n_keep, int n_heads = 1, int seed = 1, int il = 0) {
    Layer layer = {.n_head_kv = n_heads, .n_kv = static_cast<int>(positions.size())};
    for (int head = 0; head < n_heads; ++head) {
        layer.position.insert(layer.position.end(), positions.begin(), positions.end());
    }
    LayerView view = layer.view();
    view.layer = il;
    std::vector<Keep> heads(static_cast<std::size_t>(n_heads), Keep(layer.n_kv, n_keep));
    random({.seed = seed})->select(view, heads);
    Heads slots;
    for (const Keep& keep : heads) slots.push_back(keep.slots());
    return slots;
}

Stream positions_of(const Stream& stream, const std::vector<int>& slots) {
    Stream positions;
    for (const int slot : slots) positions.push_back(stream[static_cast<std::size_t>(slot)]);
    return positions;
}

std::ptrdiff_t n_common(const std::vector<int>& a, const std::vector<int>& b) {
    return std::ranges::count_if(a, [&](int slot) { return std::ranges::count(b, slot) != 0; });
}

TEST(Random, Draws_the_same_numbers_in_every_version_of_the_program) {
    EXPECT_EQ(drawn(following(0, 10), 4, 2), (Heads{{1, 3, 5, 8}, {0, 1, 5, 6}}));
    EXPECT_EQ(drawn(following(0, 10), 4, 1, 2), (Heads{{1, 5, 6, 8}}));
}

TEST(Random, Draws_other_numbers_for_another_seed_layer_head_or_newest_token) {
    const Heads kept = drawn(following(0, 100), 50, 2);
    EXPECT_NE(kept[1], kept[0]) << "heads";
    EXPECT_NE(drawn(following(0, 100), 50, 1, 2)[0], kept[0]) << "seeds";
    EXPECT_NE(drawn(following(0, 100), 50, 1, 1, 1)[0], kept[0]) << "layers";
    // Only the newest entry is another: with the same lots all or all but one would stay.
    Stream later = following(0, 100);
    later.back() = 1000;
    EXPECT_LT(n_common(drawn(later, 50)[0], kept[0]), 40) << "later";
}

TEST(Random, The_slot_of_a_token_does_not_change_its_draw) {
    const Stream stream = following(0, 100);
    const std::vector<int> kept = drawn(stream, 50)[0];
    int left = 0;  // the first that is not kept
    while (std::ranges::count(kept, left) != 0) ++left;
    Stream without = stream;
    without.erase(without.begin() + left);
    EXPECT_EQ(positions_of(without, drawn(without, 50)[0]), positions_of(stream, kept));
}

TEST(Random, Keeps_every_entry_equally_often) {
    constexpr int n_kv = 10, n_keep = 4, n_draws = 20'000;
    std::array<int, n_kv> times{};
    for (int draw = 0; draw < n_draws; ++draw) {
        const Heads kept = drawn(following(draw, n_kv), n_keep);
        for (const int slot : kept[0]) {
            ++times[static_cast<std::size_t>(slot)];
        }
    }
    // 8000 are expected; one standard deviation is 69.
    for (const int each : times) EXPECT_NEAR(each, n_draws * n_keep / n_kv, 350);
}

TEST(Random, Keeps_pairs_of_entries_as_often_as_chance_does) {
    constexpr int n_kv = 10, n_keep = 5, n_draws = 20'000;
    int both_neighbours = 0, both_heads = 0;
    for (int draw = 0; draw < n_draws; ++draw) {
        const Heads kept = drawn(following(draw, n_kv), n_keep, 2);
        const auto has = [&](int head, int slot) {
            return std::ranges::count(kept[static_cast<std::size_t>(head)], slot) != 0;
        };
        both_neighbours += has(0, 3) && has(0, 4);
        both_heads += has(0, 3) && has(1, 3);
    }
    EXPECT_NEAR(both_neighbours, n_draws * 5 * 4 / (10 * 9), 300);  // 5/10 4/9
    EXPECT_NEAR(both_heads, n_draws / 4, 300);
}

TEST(Random, Keeps_protected_entries_and_fills_the_room) {
    Layer layer = {.n_head_kv = 1, .n_kv = 10, .position = following(0, 10)};
    std::vector<Keep> heads(1, Keep(10, 5));
    heads[0].first(2).last(1);
    random()->select(layer.view(), heads);
    EXPECT_TRUE(heads[0].kept(0) && heads[0].kept(1) && heads[0].kept(9));
    EXPECT_EQ(heads[0].slots().size(), 5U);
}

TEST(Random, Needs_positions_of_the_stream) {
    EXPECT_EQ(random()->needs(), Needs{.position = true});
    EXPECT_EQ(random()->schedule(), Schedule::when_full);
    EXPECT_EQ(random()->positions(), Positions(Positions::reset));
}

TEST(Random, Takes_any_whole_number_as_its_seed) {
    EXPECT_EQ(random()->spec(), "random:seed=1");
    for (const int seed : {0, -1, std::numeric_limits<int>::min()}) {
        const PolicyPtr policy = random({.seed = seed});
        EXPECT_EQ(make_policy(policy->spec())->spec(), policy->spec());
        EXPECT_EQ(drawn(following(0, 10), 4, 1, seed)[0].size(), 4U);
    }
}

}  // namespace
}  // namespace infinipot::policies
