#include <gtest/gtest.h>

#include <string>

#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "support/layer.h"
#include "support/refusal.h"

namespace infinipot::policies {
namespace {

TEST(SelfExtend, Refuses_to_evict_and_names_a_way_out) {
    const Layer layer = {.n_head_kv = 1, .n_kv = 10};
    try {
        kept_slots(self_extend({.group = 2, .neighbours = 4}), layer, 5);
        FAIL() << "evicted";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::does_not_fit);
        EXPECT_EQ(std::string(error.what()),
                  "the text is longer than the KV cache, which is full at 10 entries, and policy "
                  "self_extend:group=2,neighbours=4 never evicts; raise the capacity or choose a "
                  "policy that evicts, such as infinipot");
    }
}

TEST(SelfExtend, Uses_grouped_positions_beyond_the_neighbours) {
    EXPECT_EQ(self_extend()->positions(), Positions::in_groups(8, 1024));
    EXPECT_EQ(self_extend({.group = 3, .neighbours = 500})->positions(),
              Positions::in_groups(3, 500));
}

TEST(SelfExtend, Needs_no_measurements) {
    EXPECT_EQ(self_extend()->needs(), Needs());
    EXPECT_EQ(self_extend()->schedule(), Schedule::when_full);
    EXPECT_EQ(self_extend()->spec(), "self_extend:group=8,neighbours=1024");
    EXPECT_EQ(self_extend({.group = 3, .neighbours = 500})->spec(),
              "self_extend:group=3,neighbours=500");
}

TEST(SelfExtend, Names_the_allowed_values_of_its_options) {
    EXPECT_EQ(refusal([] { self_extend({.group = 0}); }),
              "policy self_extend wants a whole number of at least 1 for group, not \"0\"");
    EXPECT_EQ(refusal([] { self_extend({.neighbours = -5}); }),
              "policy self_extend wants a whole number of at least 1 for neighbours, not \"-5\"");
}

}  // namespace
}  // namespace infinipot::policies
