#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <utility>

#include "model/access.h"
#include "support/random_tokens.h"
#include "support/session_fixture.h"
#include "support/tiny_model.h"

// Sessions of models with recurrent layers: their state is part of what a session remembers, of
// what a question leaves alone, and of what no distillation changes.

namespace infinipot {
namespace {

constexpr int n_vocab = 600;

const char* const chat =
    "{% for message in messages %}{{ '<|user|>\n' + message['content'] + eos_token + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}";

TinyModel hybrid(const std::string& architecture) {
    TinyModel model{.architecture = architecture,
                    .n_layer = 4,
                    .n_embd = 128,
                    .n_embd_head = 32,
                    .n_ctx_train = 4096,
                    .n_vocab = n_vocab,
                    .chat_template = chat};
    if (architecture == "qwen35") model.n_rot = 16;
    return model;
}

/// All that a session remembers: the pot, the recurrent layers' states and the next logits.
struct Memory {
    std::string pot;
    std::vector<std::byte> states;
    std::vector<float> logits;

    bool operator==(const Memory&) const = default;
};

class HybridSession : public testing::TestWithParam<const char*> {
   protected:
    HybridSession() : model_(Model::load(write_tiny_model(hybrid(GetParam()), folder_.path()))) {}

    static SessionOptions options() {
        SessionOptions result;
        result.budget = {.capacity = 256, .retain = 96, .reserve = 64};
        result.n_batch = 48;
        result.n_threads = 1;
        return result;
    }

    Session reader(int n_words = 600) const {
        Session session(model_, options());
        session.ingest(words(n_words));
        session.flush();
        return session;
    }

    static std::vector<std::byte> states(Session& session) {
        return Access::impl(session).mark().layer_states;
    }

    /// Reads one token more, so that logits follow.
    static Memory memory(Session& session) {
        Session::Impl& impl = Access::impl(session);
        const Token next = 77;
        impl.read({&next, 1}, true);
        return {contents(session), states(session), {impl.logits().begin(), impl.logits().end()}};
    }

    TempDir folder_;
    Model model_;
};

TEST_P(HybridSession, The_pot_has_the_layers_that_attend) {
    Session session = reader();
    const int n_attending = GetParam() == std::string("falcon-h1") ? 4 : 2;
    EXPECT_EQ(Access::impl(session).cache().shape().n_layer, n_attending);
    const std::size_t pot = model_.entry_bytes() * 256;
    EXPECT_EQ(session.stats().pot_bytes, pot + states(session).size());
    EXPECT_GT(session.stats().distillations, 2U);
}

TEST_P(HybridSession, A_question_leaves_the_states_and_the_next_logits_bit_for_bit) {
    Session asked = reader(), unasked = reader();
    const std::vector<std::byte> before = states(asked);
    const std::string first = asked.ask("who was not far?", {.max_tokens = 20}).text();
    EXPECT_FALSE(first.empty());
    asked.ask(words(24, 8), {.max_tokens = 3}).text();  // longer than a batch
    EXPECT_EQ(asked.ask("who was not far?", {.max_tokens = 20}).text(), first);
    EXPECT_TRUE(states(asked) == before);
    for (Session* each : {&asked, &unasked}) each->ingest(words(300, 9));
    for (Session* each : {&asked, &unasked}) each->flush();
    EXPECT_TRUE(memory(asked) == memory(unasked));
}

TEST_P(HybridSession, A_text_that_stays_changes_the_states) {
    Session session = reader();
    const std::vector<std::byte> before = states(session);
    session.generate("who was not far?", {.max_tokens = 2}).text();
    EXPECT_NE(states(session), before);
}

TEST_P(HybridSession, A_distillation_does_not_change_the_states) {
    Session session = reader(200);
    const std::vector<std::byte> before = states(session);
    Access::impl(session).distil();
    EXPECT_TRUE(states(session) == before);
}

TEST_P(HybridSession, A_fork_and_a_snapshot_go_on_bit_for_bit) {
    Session session = reader();
    Session fork = session.fork();
    session.save(folder_.path() / "a.pot");
    Session restored = Session::restore(model_, folder_.path() / "a.pot", {.n_threads = 1});
    EXPECT_TRUE(states(fork) == states(session));
    EXPECT_TRUE(states(restored) == states(session));
    for (Session* each : {&session, &fork, &restored}) {
        each->ingest(words(500, 4));
        each->flush();
    }
    const Memory expected = memory(session);
    EXPECT_TRUE(memory(fork) == expected);
    EXPECT_TRUE(memory(restored) == expected);
}

TEST_P(HybridSession, A_fork_has_states_of_its_own) {
    Session session = reader();
    const std::vector<std::byte> before = states(session);
    Session fork = session.fork();
    fork.ingest(words(100, 4));
    fork.flush();
    EXPECT_TRUE(states(session) == before);
    EXPECT_NE(states(fork), before);
}

TEST_P(HybridSession, Undo_restores_the_states) {
    Session session = reader();
    const std::vector<std::byte> before = states(session);
    session.reply("who was not far?", {.max_tokens = 8}).text();
    EXPECT_NE(states(session), before);
    ASSERT_TRUE(session.undo());
    EXPECT_TRUE(states(session) == before);
}

TEST_P(HybridSession, An_interrupted_batch_leaves_the_states_as_they_were) {
    Session session = reader(200), undisturbed = reader(200);
    undisturbed.ingest(words(100, 6));
    undisturbed.flush();
    std::string text = words(100, 6);
    const auto is_read = [&] {
        const std::uint64_t n = session.stats().tokens_read;
        const std::vector<std::byte> before = states(session);
        try {
            session.ingest(std::exchange(text, ""));  // or what an interrupted call has left
            session.flush();
            return true;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::interrupted);
            EXPECT_EQ(states(session) == before, session.stats().tokens_read == n);
            return false;
        }
    };
    session.interrupt();
    EXPECT_FALSE(is_read());
    std::atomic<bool> done = false;
    std::thread other([&] {
        while (!done) {
            session.interrupt();
            std::this_thread::yield();
        }
    });
    for (int i = 0; i < 20; ++i) is_read();
    done = true;
    other.join();
    while (!is_read()) {
    }
    EXPECT_TRUE(memory(session) == memory(undisturbed));
}

TEST_P(HybridSession, Every_policy_and_type_of_the_pot_answers_the_same_twice) {
    for (const PolicyInfo& policy : all_policies()) {
        for (const KvType type : all_kv_types()) {
            SessionOptions some = options();
            some.policy = make_policy(policy.name);
            some.kv_type = type;
            if (!policy.bounded) some.budget.capacity = 1024;
            Session session(model_, some);
            session.ingest(words(policy.bounded ? 250 : 100));
            session.ask("when?", {.max_tokens = 1}).text();  // of some policies, it decides
            const std::string first = session.ask("who?", {.max_tokens = 6}).text();
            EXPECT_EQ(session.ask("who?", {.max_tokens = 6}).text(), first)
                << policy.name << ", " << to_string(type);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Architectures, HybridSession,
                         testing::Values("lfm2", "granitehybrid", "falcon-h1", "qwen35"),
                         [](const auto& test_case) {
                             std::string name = test_case.param;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace infinipot
