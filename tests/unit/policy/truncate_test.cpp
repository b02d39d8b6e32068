#include <gtest/gtest.h>

#include <string>

#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "support/layer.h"

namespace infinipot::policies {
namespace {

TEST(Truncate, Refuses_to_evict_and_names_a_way_out) {
    const Layer layer = {.n_head_kv = 1, .n_kv = 10};
    try {
        kept_slots(truncate(), layer, 5);
        FAIL() << "evicted";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::does_not_fit);
        EXPECT_EQ(std::string(error.what()),
                  "the text is longer than the KV cache, which is full at 10 entries, and policy "
                  "truncate never evicts; raise the capacity or choose a policy that evicts, such "
                  "as infinipot");
    }
}

TEST(Truncate, Needs_no_measurements_and_cuts_the_text_before_reading) {
    EXPECT_EQ(truncate()->needs(), Needs());
    EXPECT_EQ(truncate()->schedule(), Schedule::before_reading);
    EXPECT_EQ(truncate()->positions(), Positions(Positions::reset));
    EXPECT_EQ(truncate()->spec(), "truncate");
}

}  // namespace
}  // namespace infinipot::policies
