#include <gtest/gtest.h>

#include <vector>

#include "infinipot/policies.h"
#include "support/layer.h"
#include "support/refusal.h"

namespace infinipot::policies {
namespace {

using Heads = std::vector<std::vector<int>>;

const Layer unmeasured = {.n_head_kv = 2, .n_kv = 10};

TEST(StreamingLlm, Keeps_the_sinks_and_the_most_recent) {
    EXPECT_EQ(kept_slots(streaming_llm({.sinks = 2}), unmeasured, 5),
              (Heads{{0, 1, 7, 8, 9}, {0, 1, 7, 8, 9}}));
}

TEST(StreamingLlm, Has_four_sinks_by_default) {
    EXPECT_EQ(kept_slots(streaming_llm(), unmeasured, 5)[0], (std::vector<int>{0, 1, 2, 3, 9}));
    EXPECT_EQ(streaming_llm()->spec(), "streaming_llm:sinks=4");
}

TEST(StreamingLlm, Without_sinks_keeps_only_the_most_recent) {
    EXPECT_EQ(kept_slots(streaming_llm({.sinks = 0}), unmeasured, 3)[0],
              (std::vector<int>{7, 8, 9}));
}

TEST(StreamingLlm, Takes_protected_entries_at_the_start_as_sinks) {
    std::vector<Keep> heads(2, Keep(10, 5));
    for (Keep& keep : heads) keep.first(2);
    streaming_llm({.sinks = 2})->select(unmeasured.view(), heads);
    EXPECT_EQ(heads[0].slots(), (std::vector<int>{0, 1, 7, 8, 9}));
}

TEST(StreamingLlm, Keeps_the_oldest_if_sinks_take_all_the_room) {
    EXPECT_EQ(kept_slots(streaming_llm({.sinks = 100}), unmeasured, 3)[0],
              (std::vector<int>{0, 1, 2}));
}

TEST(StreamingLlm, Needs_no_measurements) { EXPECT_EQ(streaming_llm()->needs(), Needs()); }

TEST(StreamingLlm, Evicts_one_entry_per_token_with_positions_inside_the_cache) {
    EXPECT_EQ(streaming_llm()->schedule(), Schedule::per_token);
    EXPECT_EQ(streaming_llm()->positions(), Positions(Positions::reset));
}

TEST(StreamingLlm, Refuses_a_negative_number_of_sinks) {
    EXPECT_EQ(refusal([] { streaming_llm({.sinks = -1}); }),
              "policy streaming_llm wants a whole number of at least 0 for sinks, not \"-1\"");
}

}  // namespace
}  // namespace infinipot::policies
