#include <gtest/gtest.h>

#include <atomic>

#include "support/session_fixture.h"

namespace infinipot {
namespace {

TEST_F(ScheduleTest, Per_token_eviction_reserves_room_for_a_question) {
    SessionOptions automatic = options({"", "streaming_llm"});
    automatic.budget = {.capacity = 256};
    Session reader(model_, automatic);
    EXPECT_EQ(reader.budget().retain, 256 - 32);
    reader.ingest(text(400));
    reader.flush();
    EXPECT_EQ(reader.stats().n_kv, 224);
    EXPECT_EQ(reader.stats().peak_n_kv, 225);
}

TEST_F(ScheduleTest, Per_token_eviction_stops_at_a_policy_that_refuses) {
    Session reader = session({"", "full", Schedule::per_token});
    reader.ingest(text(400));
    for (int attempt = 0; attempt < 3; ++attempt) {
        sentence_of([&] { reader.flush(); }, ErrorCode::does_not_fit);
        EXPECT_EQ(reader.stats().n_kv, 97);
    }
}

/// A policy of the user's that changes its mind.
class RefusesLater : public EvictionPolicy {
   public:
    explicit RefusesLater(std::atomic<int>& n_calls) : n_calls_(n_calls) {}
    std::string spec() const override { return "refuses_later"; }
    Needs needs() const override { return {}; }
    Schedule schedule() const override { return Schedule::per_token; }
    void select(const LayerView&, std::span<Keep> heads) const override {
        if (++n_calls_ == 100) throw Error(ErrorCode::does_not_fit, "no more");
        for (Keep& keep : heads) keep.fill_recent();
    }

   private:
    std::atomic<int>& n_calls_;
};

TEST_F(ScheduleTest, Per_token_eviction_recovers_after_a_policy_throws_within_a_batch) {
    std::atomic<int> n_calls{0};
    SessionOptions refusing = options({"", "streaming_llm"});
    refusing.policy = std::make_shared<RefusesLater>(n_calls);
    Session reader(model_, refusing);
    EXPECT_EQ(sentence_of(
                  [&] {
                      reader.ingest(text(400));
                      reader.flush();
                  },
                  ErrorCode::does_not_fit),
              "no more");
    reader.flush();
    EXPECT_EQ(reader.stats().n_kv, 96);
    EXPECT_EQ(reader.stats().distillations, reader.stats().tokens_read - 96);
}

}  // namespace
}  // namespace infinipot
