#include <gtest/gtest.h>

#include <thread>

#include "support/session_fixture.h"

// A fork computes in the scratch memory and on the threads of its parent, and neither notices.

namespace infinipot {
namespace {

class SharingTest : public SessionTest {
   protected:
    Session parent(const char* policy = "infinipot") const {
        SessionOptions some = options();
        some.policy = make_policy(policy);
        Session session(model_, some);
        session.ingest(words(400));
        session.flush();
        return session;
    }

    static std::string story(Session& session, unsigned seed) {
        session.ingest(words(600, seed));
        return session.ask("who?", {.max_tokens = 20}).text() + contents(session);
    }
};

TEST_F(SharingTest, A_fork_needs_no_scratch_memory_of_its_own) {
    Session session = parent();
    Session fork = session.fork();
    EXPECT_LT(fork.stats().compute_bytes, session.stats().compute_bytes / 2);
    EXPECT_EQ(fork.stats().pot_bytes, session.stats().pot_bytes);
}

TEST_F(SharingTest, Forks_outlive_their_parent) {
    std::optional<Session> session = parent();
    Session other = parent();
    const std::string expected = story(other, 5);
    Session fork = session->fork();
    Session of_fork = fork.fork();
    session.reset();
    EXPECT_EQ(story(fork, 5), expected);
    EXPECT_EQ(story(of_fork, 5), expected);
}

TEST_F(SharingTest, Threads_that_use_forks_at_one_time_get_what_each_would_get_alone) {
    for (const char* policy : {"infinipot", "h2o", "streaming_llm", "expected_attention"}) {
        Session session = parent(policy);
        constexpr int n = 4;
        std::vector<Session> forks;
        std::vector<std::string> expected(n), got(n);
        for (int i = 0; i < n; ++i) {
            Session alone = session.fork();
            expected[static_cast<std::size_t>(i)] = story(alone, static_cast<unsigned>(10 + i));
            forks.push_back(session.fork());
        }
        std::vector<std::thread> threads;
        for (int i = 0; i < n; ++i) {
            const auto at = static_cast<std::size_t>(i);
            threads.emplace_back(
                [&, at, i] { got[at] = story(forks[at], static_cast<unsigned>(10 + i)); });
        }
        for (std::thread& thread : threads) thread.join();
        for (std::size_t i = 0; i < n; ++i) EXPECT_TRUE(got[i] == expected[i]) << policy << i;
    }
}

TEST_F(SharingTest, Interrupting_a_fork_leaves_the_others_alone) {
    Session session = parent();
    Session fork = session.fork();
    fork.interrupt();
    EXPECT_FALSE(session.ask("who?", {.max_tokens = 5}).text().empty());
    sentence_of([&] { fork.ask("who?", {.max_tokens = 5}).text(); }, ErrorCode::interrupted);
    EXPECT_FALSE(fork.ask("who?", {.max_tokens = 5}).text().empty());
}

}  // namespace
}  // namespace infinipot
