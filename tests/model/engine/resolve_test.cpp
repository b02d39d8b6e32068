#include <gtest/gtest.h>

#include "support/session_fixture.h"
#include "support/tiny_model.h"

namespace infinipot {
namespace {

class ResolveTest : public SessionTest {
   protected:
    /// The reserve after raise_reserve() by so many entries.
    int raised(int n_entries, std::optional<int> asked = {}) {
        SessionOptions changed = options();
        changed.budget = {.capacity = 256, .retain = 96, .reserve = asked};
        raise_reserve(model_, n_entries, changed);
        return *changed.budget.reserve;
    }
};

TEST_F(ResolveTest, A_session_runs_with_the_resolved_options) {
    const SessionOptions asked = options();
    const ResolvedOptions resolved = resolve(model_, asked);
    const Session session(model_, asked);
    EXPECT_EQ(resolved.budget.capacity, session.budget().capacity);
    EXPECT_EQ(resolved.budget.retain, session.budget().retain);
    EXPECT_EQ(resolved.policy->spec(), session.options().policy->spec());
    EXPECT_EQ(resolved.n_batch, session.options().n_batch);
    EXPECT_EQ(resolved.n_threads, session.options().n_threads);
}

TEST_F(ResolveTest, Every_empty_value_is_chosen) {
    const ResolvedOptions resolved = resolve(model_, {});
    EXPECT_EQ(resolved.budget.capacity, 512);
    EXPECT_EQ(resolved.budget.retain, 256);
    EXPECT_EQ(resolved.budget.reserve, 64);
    EXPECT_EQ(resolved.budget.protect_first, 4);
    EXPECT_EQ(resolved.budget.protect_recent, 32);
    EXPECT_TRUE(resolved.budget.fill);
    EXPECT_EQ(resolved.budget.memory_bytes, 0u);
    EXPECT_EQ(resolved.policy->spec(), policies::infinipot()->spec());
    EXPECT_EQ(resolved.schedule, Schedule::when_full);
    EXPECT_EQ(resolved.positions.rule, Positions::reset);
    EXPECT_EQ(resolved.catalyst, general_catalyst);
    EXPECT_EQ(resolved.n_batch, 448) << "what fits below the reserve";
    EXPECT_GE(resolved.n_threads, 1);
    EXPECT_LE(resolved.n_threads, 8);
}

TEST_F(ResolveTest, A_budget_in_bytes_alone_buys_entries_up_to_the_window) {
    const TempDir folder;
    const Model model = Model::load(write_tiny_model({.n_ctx_train = 6000}, folder.path()));
    const auto capacity_for = [&](Budget budget) {
        return resolve(model, {.budget = budget}).budget.capacity;
    };
    const std::size_t entry = model.entry_bytes();
    EXPECT_EQ(capacity_for({}), 4096);
    EXPECT_EQ(capacity_for({.memory_bytes = 5000 * entry}), 5000);
    EXPECT_EQ(capacity_for({.memory_bytes = 9000 * entry}), 6000);
    EXPECT_EQ(capacity_for({.capacity = 300, .memory_bytes = 5000 * entry}), 300);
}

TEST_F(ResolveTest, The_answer_room_is_what_a_question_and_its_answer_take) {
    const Model talker = talking_model();
    for (const Framing framing : {Framing::chat, Framing::raw}) {
        SessionOptions asked = options();
        asked.framing = framing;
        Session reader(talker, asked);
        reader.ingest(words(40));
        reader.flush();
        const int n_kv = reader.stats().n_kv;
        const GenerateOptions answer = {.max_tokens = 9, .min_tokens = 9, .answer_prefix = "it"};
        reader.ask("who came there?", answer).text();
        // The session does not read back the last token, because nothing is drawn from it.
        EXPECT_EQ(reader.stats().peak_n_kv,
                  n_kv + answer_room(talker, asked, "who came there?", 9, "it") - 1);
    }
}

TEST_F(ResolveTest, The_reserve_is_raised_up_to_half_of_what_is_new) {
    EXPECT_EQ(raised(50), 50);
    EXPECT_EQ(raised(5), 256 / 8);
    EXPECT_EQ(raised(500), (256 - 96) / 2);
}

TEST_F(ResolveTest, A_reserve_that_was_set_is_not_raised) { EXPECT_EQ(raised(50, 3), 3); }

}  // namespace
}  // namespace infinipot
