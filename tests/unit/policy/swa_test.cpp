#include <gtest/gtest.h>

#include <vector>

#include "infinipot/policies.h"
#include "support/layer.h"

namespace infinipot::policies {
namespace {

using Heads = std::vector<std::vector<int>>;

const Layer unmeasured = {.n_head_kv = 2, .n_kv = 10};

TEST(Swa, Keeps_only_the_most_recent) {
    EXPECT_EQ(kept_slots(swa(), unmeasured, 3), (Heads{{7, 8, 9}, {7, 8, 9}}));
}

TEST(Swa, Leaves_protected_entries_outside_its_window) {
    std::vector<Keep> heads(1, Keep(10, 5));
    heads[0].first(2);
    swa()->select(unmeasured.view(), heads);
    EXPECT_EQ(heads[0].slots(), (std::vector<int>{0, 1, 7, 8, 9}));
}

TEST(Swa, Needs_no_measurements_and_evicts_one_entry_per_token_at_positions_of_the_stream) {
    EXPECT_EQ(swa()->needs(), Needs());
    EXPECT_EQ(swa()->schedule(), Schedule::per_token);
    EXPECT_EQ(swa()->positions(), Positions(Positions::keep));
    EXPECT_EQ(swa()->spec(), "swa");
}

}  // namespace
}  // namespace infinipot::policies
