#include <gtest/gtest.h>

#include <string>

#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "support/layer.h"

namespace infinipot::policies {
namespace {

TEST(Full, Refuses_to_evict_and_names_a_way_out) {
    const Layer layer = {.n_head_kv = 1, .n_kv = 10};
    try {
        kept_slots(full(), layer, 5);
        FAIL() << "evicted";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::does_not_fit);
        EXPECT_NE(std::string(error.what()).find("full at 10 entries"), std::string::npos);
        EXPECT_NE(std::string(error.what()).find("raise the capacity"), std::string::npos);
    }
}

TEST(Full, Needs_no_measurements) {
    EXPECT_EQ(full()->needs(), Needs());
    EXPECT_EQ(full()->schedule(), Schedule::when_full);
    EXPECT_EQ(full()->positions(), Positions(Positions::reset));
    EXPECT_EQ(full()->spec(), "full");
}

}  // namespace
}  // namespace infinipot::policies
