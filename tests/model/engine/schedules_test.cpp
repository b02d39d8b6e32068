#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "model/access.h"
#include "support/session_fixture.h"
#include "text/segmenter.h"

// Promises of a session under every schedule: bounds, no trace of questions, and the same KV cache
// however the text arrives.

namespace infinipot {
namespace {

const std::vector<Way> ways = {
    {"infinipot", "infinipot"},
    {"infinipot_without_catalyst", "infinipot:probe=last,carried=no,share=heads"},
    {"infinipot_positions_kept", "infinipot", {}, Positions::keep},
    {"streaming_llm", "streaming_llm"},
    {"swa", "swa"},
    {"h2o", "h2o"},
    {"h2o_when_full", "h2o", Schedule::when_full},
    {"tova", "tova"},
    {"sirllm", "sirllm"},
    {"sirllm_one_by_one", "sirllm", Schedule::per_token},
    {"snapkv_when_full", "snapkv", Schedule::when_full},
    {"keydiff", "keydiff"},
    {"expected_attention", "expected_attention"},
    {"l2norm", "l2norm"},
    {"random", "random"},
};

class EverySchedule : public ScheduleTest, public testing::WithParamInterface<Way> {};

/// More than a segment, so that not all of it waits for the end.
TEST_P(EverySchedule, Reading_in_one_call_or_in_many_leaves_the_same_pot) {
    const std::string all = text(2500);
    ASSERT_GT(all.size(), Segmenter::segment_bytes);
    Session at_once = session(GetParam()), in_steps = session(GetParam());
    at_once.ingest(all);
    at_once.flush();
    EXPECT_GE(at_once.stats().distillations, 3u);
    for (std::size_t at = 0; at < all.size(); at += 99) in_steps.ingest(all.substr(at, 99));
    in_steps.flush();
    EXPECT_TRUE(contents(in_steps) == contents(at_once));
}

/// Among the lengths are those where an observation window has begun and has not ended.
TEST_P(EverySchedule, Asking_leaves_no_trace_and_does_not_disturb_what_is_read_next) {
    for (const int n : {90, 175, 300}) {
        Session asked = session(GetParam()), unasked = session(GetParam());
        for (Session* reader : {&asked, &unasked}) {
            reader->ingest(text(n));
            reader->flush();
        }
        const std::string before = contents(asked);
        const std::string answer = asked.ask("who was not far?", {.max_tokens = 8}).text();
        asked.ask("another question about all the old men, who sat still?", {.max_tokens = 5})
            .text();
        EXPECT_EQ(asked.ask("who was not far?", {.max_tokens = 8}).text(), answer);
        EXPECT_TRUE(contents(asked) == before) << n << " tokens";
        for (Session* reader : {&asked, &unasked}) {
            reader->ingest(text(150, 9));
            reader->flush();
        }
        EXPECT_TRUE(contents(asked) == contents(unasked)) << n << " tokens, reading on";
    }
}

/// Interrupts between batches and, from another thread, inside them.
TEST_P(EverySchedule, An_interrupted_reading_resumes_as_if_nothing_had_happened) {
    SessionOptions measured = options(GetParam());
    measured.measure_surprisal = true;  // a second forward pass that may be interrupted
    Session undisturbed(model_, measured), interrupted(model_, measured);
    const std::string all = text(250);
    undisturbed.ingest(all);
    undisturbed.flush();
    interrupted.ingest(all);
    std::atomic<bool> done = false;
    std::thread nuisance([&] {
        while (!done) {
            std::this_thread::sleep_for(std::chrono::milliseconds(4));
            interrupted.interrupt();
        }
    });
    int interruptions = 0;
    while (interruptions < 200) {
        try {
            interrupted.flush();
            break;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::interrupted);
            ++interruptions;
        }
    }
    done = true;
    nuisance.join();
    while (true) {  // the last one may still be pending
        try {
            interrupted.flush();
            break;
        } catch (const Error&) {
        }
    }
    EXPECT_TRUE(contents(interrupted) == contents(undisturbed)) << interruptions;
}

TEST_P(EverySchedule, Never_holds_more_entries_than_the_capacity) {
    Session reader = session(GetParam());
    const bool per_token = Access::impl(reader).plan().options.schedule == Schedule::per_token;
    int batches = 0;
    reader.ingest(text(500));
    reader.flush({[&](const Progress&) {
        EXPECT_LE(reader.stats().n_kv, per_token ? 96 : 192);
        ++batches;
    }});
    EXPECT_GE(batches, 8);
    EXPECT_LE(reader.stats().peak_n_kv, per_token ? 97 : 256);
    EXPECT_FALSE(reader.ask("who?", {.max_tokens = 500}).text().empty());
    reader.generate(" and", {.max_tokens = 200}).text();
    EXPECT_LE(reader.stats().peak_n_kv, 256);
}

INSTANTIATE_TEST_SUITE_P(Ways, EverySchedule, testing::ValuesIn(ways),
                         [](const auto& test_case) { return test_case.param.name; });

/// Draws its entries by lot, another for each layer that it is asked about.
class Draws : public EvictionPolicy {
   public:
    explicit Draws(std::atomic<int>& n_calls) : n_calls_(n_calls) {}
    std::string spec() const override { return "draws"; }
    Needs needs() const override {
        return {.attention = AttentionProbe::catalyst, .across_layers = true};
    }
    void select(const LayerView& view, std::span<Keep> heads) const override {
        ++n_calls_;
        EXPECT_EQ(view.layer, 0);
        std::minstd_rand engine(static_cast<unsigned>(n_calls_));
        for (Keep& keep : heads) {
            std::vector<float> lots(static_cast<std::size_t>(view.n_kv));
            for (float& lot : lots) lot = static_cast<float>(engine());
            keep.fill_best(lots);
        }
    }

   private:
    std::atomic<int>& n_calls_;
};

TEST_F(ScheduleTest, A_policy_across_layers_is_asked_once_for_all_of_them) {
    std::atomic<int> n_calls{0};
    SessionOptions drawing = options({"", "infinipot"});
    drawing.policy = std::make_shared<Draws>(n_calls);
    Session reader(model_, drawing);
    reader.ingest(text(400));
    reader.flush();
    ASSERT_GE(reader.stats().distillations, 3u);
    EXPECT_EQ(static_cast<std::uint64_t>(n_calls), reader.stats().distillations);
    const KvCache& cache = Access::impl(reader).cache();
    ASSERT_GE(cache.shape().n_layer, 2);
    const auto places = [&](int il, int head) {
        std::vector<std::int64_t> positions;
        for (const Tag& tag : cache.tags(il, head)) positions.push_back(tag.position);
        return positions;
    };
    EXPECT_NE(places(0, 0), places(0, 1)) << "heads draw apart";
    for (int il = 1; il < cache.shape().n_layer; ++il) {
        EXPECT_EQ(places(il, 0), places(0, 0));
        EXPECT_EQ(places(il, 1), places(0, 1));
    }
    drawing.schedule = Schedule::per_token;
    EXPECT_THROW(Session(model_, drawing), Error);
}

}  // namespace
}  // namespace infinipot
