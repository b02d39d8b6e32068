#include "cache/local_windows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "cache/row_format.h"
#include "model/access.h"
#include "model/model_impl.h"
#include "support/largest_difference.h"
#include "support/session_fixture.h"
#include "support/tiny_model.h"

// Sessions on a model of which every second layer sees the last tokens alone.

namespace infinipot {
namespace {

constexpr int window = 40, n_batch = 32;

class WindowedSession : public testing::TestWithParam<KvType> {
   protected:
    static TinyModel tiny() {
        return {.architecture = "gemma3",
                .n_layer = 4,
                .n_head_kv = 1,
                .n_embd_head = 32,
                .n_ctx_train = 256,
                .n_vocab = 600,
                .window = window,
                .window_pattern = 2,
                .chat_template =
                    "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + "
                    "message['content'] + eos_token + '\n' }}{% endfor %}"
                    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"};
    }

    SessionOptions options(const char* policy = "infinipot") const {
        return {.budget = {.capacity = 160, .reserve = 48},
                .policy = make_policy(policy),
                .kv_type = GetParam(),
                .catalyst = words(17),  // more than one tile
                .n_batch = n_batch,
                .n_threads = 1};
    }

    Session session(const char* policy = "infinipot") const {
        return Session(model_, options(policy));
    }

    static const LocalWindows& windows(Session& session) {
        return Access::impl(session).forward().windows();
    }

    static bool evicts_while_reading(const PolicyInfo& policy) {
        const Schedule schedule = make_policy(policy.name)->schedule();
        return policy.bounded &&
               (schedule == Schedule::when_full || schedule == Schedule::per_token);
    }

    /// What a session says after it has read more, been asked and written on.
    static std::string rest_of(Session& session) {
        session.ingest(words(300, 5));
        std::string said = session.ask("who?", {.max_tokens = 12}).text();
        said += session.generate("", {.max_tokens = 60, .min_tokens = 60}).text();
        return said + contents(session);
    }

    TempDir folder_;
    Model model_ = Model::load(write_tiny_model(tiny(), folder_.path()));
};

TEST_P(WindowedSession, Has_entries_in_global_layers_alone) {
    Session one = session();
    EXPECT_EQ(Access::impl(one).cache().shape().n_layer, 2);
    EXPECT_EQ(model_.info().n_layer_kv, 2);
    EXPECT_EQ(windows(one).shape().n_layer, 2);
    EXPECT_EQ(windows(one).shape().window, window);
    EXPECT_EQ(windows(one).shape().n_slots(), window + n_batch);
}

/// The values of the last window - 1 tokens in the first layer, which follow from the tokens alone.
std::vector<float> last_values(Session& session) {
    const LocalWindows& windows = Access::impl(session).forward().windows();
    const auto n_embd_head = static_cast<std::size_t>(windows.shape().n_embd_head);
    const ggml_tensor* values = windows.values(0);
    std::vector<float> all, row(n_embd_head);
    for (int slot = windows.n() - window + 1; slot < windows.n(); ++slot) {
        load_row(values->type,
                 static_cast<const std::byte*>(values->data) +
                     static_cast<std::size_t>(slot) * values->nb[1],
                 row);
        all.insert(all.end(), row.begin(), row.end());
    }
    return all;
}

TEST_P(WindowedSession, Keeps_the_last_tokens_read_whatever_is_evicted) {
    SessionOptions whole = options();
    whole.budget = {.capacity = 2048, .beyond_window = true};
    Session all(model_, whole);
    all.ingest(words(600));
    all.flush();
    EXPECT_EQ(all.stats().distillations, 0U);
    for (const PolicyInfo& policy : all_policies()) {
        if (!evicts_while_reading(policy)) continue;
        Session one = session(policy.name.c_str());
        one.ingest(words(600));
        one.flush();
        EXPECT_GE(one.stats().distillations, 3U) << policy.name;
        EXPECT_LE(largest_difference(last_values(one), last_values(all)), 0.05) << policy.name;
        EXPECT_LE(windows(one).first_position() + windows(one).n(), 256) << "positions";
    }
}

TEST_P(WindowedSession, Counts_windows_in_the_pot) {
    Session one = session();
    const Stats stats = one.stats();
    EXPECT_EQ(stats.pot_bytes,
              160 * model_.entry_bytes(GetParam()) + LocalWindows::bytes(windows(one).shape()));
    EXPECT_EQ(stats.pot_bytes, model_.pot_bytes(160, GetParam(), n_batch));
    one.ingest(words(900));
    EXPECT_EQ(one.stats().pot_bytes, stats.pot_bytes);
    EXPECT_EQ(one.stats().compute_bytes, stats.compute_bytes);
}

TEST_P(WindowedSession, A_memory_buys_as_many_global_entries_as_fit_beside_the_windows) {
    for (const int capacity : {60, 61, 100, 256}) {
        const std::size_t bytes = model_.pot_bytes(capacity, GetParam(), n_batch);
        EXPECT_EQ(model_.entries_in(bytes, GetParam(), n_batch), capacity);
        EXPECT_EQ(model_.entries_in(bytes - 1, GetParam(), n_batch), capacity - 1);
        SessionOptions some = options("streaming_llm");
        some.budget = {.reserve = 4, .memory_bytes = bytes};
        Session one(model_, some);
        EXPECT_EQ(one.budget().capacity, capacity);
        EXPECT_LE(one.stats().pot_bytes, bytes);
    }
}

TEST_P(WindowedSession, A_question_leaves_no_trace) {
    for (const char* policy : {"infinipot", "h2o", "expected_attention"}) {
        Session one = session(policy);
        one.ingest(words(300));
        one.flush();
        const std::string before = contents(one);
        const std::string answer = one.ask(words(10, 4), {.max_tokens = 15}).text();
        EXPECT_TRUE(contents(one) == before) << policy;
        EXPECT_EQ(one.ask(words(10, 4), {.max_tokens = 15}).text(), answer) << policy;
    }
}

TEST_P(WindowedSession, A_question_that_chooses_entries_leaves_no_trace) {
    SessionOptions some = options();
    some.answer_budget = {.rule = AnswerBudget::fixed, .n = 40};
    Session one(model_, some);
    one.ingest(words(300));
    one.flush();
    const std::string before = contents(one);
    const std::string answer = one.ask(words(10, 4), {.max_tokens = 10}).text();
    EXPECT_TRUE(contents(one) == before);
    EXPECT_EQ(one.ask(words(10, 4), {.max_tokens = 10}).text(), answer);
}

TEST_P(WindowedSession, An_interrupted_batch_changes_nothing) {
    Session one = session(), other = session();
    for (Session* each : {&one, &other}) {
        each->ingest(words(300));
        each->flush();
    }
    const std::string before = contents(one);
    for (int i = 0; i < 3; ++i) {
        one.interrupt();
        EXPECT_THROW(one.ask("who?", {.max_tokens = 3}).text(), Error);
        EXPECT_TRUE(contents(one) == before);
    }
    EXPECT_TRUE(rest_of(one) == rest_of(other));
}

TEST_P(WindowedSession, Goes_on_from_a_snapshot_and_a_fork_bit_for_bit) {
    const auto path = folder_.path() / "a.pot";
    for (const PolicyInfo& policy : all_policies()) {
        if (!evicts_while_reading(policy)) continue;
        SCOPED_TRACE(policy.name);
        Session one = session(policy.name.c_str());
        one.ingest(words(330));
        one.save(path);
        Session forked = one.fork();
        Session restored = Session::restore(model_, path, {.n_threads = 1});
        const std::string expected = rest_of(one);
        EXPECT_TRUE(rest_of(forked) == expected);
        EXPECT_TRUE(rest_of(restored) == expected);
    }
}

TEST_P(WindowedSession, Turns_are_taken_back_bit_for_bit) {
    Session one = session();
    std::vector<std::string> before;
    for (int turn = 0; turn < 8; ++turn) {
        one.flush();
        before.push_back(contents(one));
        one.reply("tell me " + words(12, static_cast<unsigned>(turn)),
                  {.max_tokens = 14, .min_tokens = 14})
            .text();
    }
    EXPECT_GT(one.stats().distillations, 0U);
    EXPECT_GT(one.n_undo(), 0);
    while (one.undo()) {
        EXPECT_TRUE(contents(one) == before.back()) << before.size();
        before.pop_back();
    }
}

TEST_P(WindowedSession, Per_token_eviction_goes_on_from_a_snapshot) {
    SessionOptions some = options("streaming_llm");
    some.schedule = Schedule::per_token;
    Session one(model_, some);
    one.ingest(words(200));
    Session forked = one.fork();
    EXPECT_TRUE(rest_of(one) == rest_of(forked));
}

INSTANTIATE_TEST_SUITE_P(Types, WindowedSession, testing::Values(KvType::f16, KvType::q8_0),
                         [](const auto& test) { return std::string(to_string(test.param)); });

// A window is no larger than the pot, so that a small pot stays small.
TEST(WindowOfAPot, Is_no_larger_than_the_pot) {
    const TempDir folder;
    const Model model = Model::load(write_tiny_model({.architecture = "gemma3",
                                                      .n_layer = 2,
                                                      .n_vocab = 600,
                                                      .window = 400,
                                                      .window_pattern = 2},
                                                     folder.path()));
    Session session(model,
                    {.budget = {.capacity = 64}, .catalyst = "all", .n_batch = 16, .n_threads = 1});
    EXPECT_EQ(Access::impl(session).forward().windows().shape().window, 65);
    session.ingest(words(300));
    session.flush();
    EXPECT_GE(session.stats().distillations, 3U);
}

TEST(WindowOfAPot, Limits_the_batch) {
    const TempDir folder;
    const Model model = Model::load(write_tiny_model({.architecture = "gemma3",
                                                      .n_layer = 2,
                                                      .n_ctx_train = 4096,
                                                      .n_vocab = 600,
                                                      .window = 200,
                                                      .window_pattern = 2},
                                                     folder.path()));
    const auto batch = [&](int capacity) {
        return resolve(model, {.budget = {.capacity = capacity}}).n_batch;
    };
    EXPECT_EQ(batch(1024), 100) << "half a window";
    EXPECT_EQ(batch(4096), 256) << "a sixteenth of the capacity";
}

}  // namespace
}  // namespace infinipot
