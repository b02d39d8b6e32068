#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/session_fixture.h"

// What interrupt() stops, apart from ingest(), and what it leaves behind.

namespace infinipot {
namespace {

class InterruptTest : public SessionTest {
   protected:
    /// A session with a text, that reads 8 tokens at a time.
    Session reader() const {
        SessionOptions small = options();
        small.n_batch = 8;
        Session session(model_, small);
        session.ingest(words(300));
        session.flush();
        return session;
    }

    /// Calls interrupt() from another thread for as long as `action` runs, which begins after the
    /// first call: a busy machine might not start the thread in time.
    template <typename Action>
    static void interrupted_by_another_thread(Session& session, Action action) {
        std::atomic<bool> begun = false, done = false;
        std::thread other([&] {
            while (!done) {
                session.interrupt();
                begun = true;
                std::this_thread::yield();
            }
        });
        while (!begun) std::this_thread::yield();
        sentence_of(action, ErrorCode::interrupted);
        done = true;
        other.join();
    }

    /// Takes back an interrupt() that came when nothing ran any more.
    static void clear(Session& session) {
        try {
            session.ask("who?", {.max_tokens = 1});
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::interrupted);
        }
    }

    const GenerateOptions short_answer_{.max_tokens = 20};
};

TEST_F(InterruptTest, A_question_that_is_interrupted_leaves_no_trace) {
    Session session = reader();
    const std::string before = contents(session);
    const std::string question = words(24, 5);
    const std::string undisturbed = session.ask(question, short_answer_).text();

    session.interrupt();
    sentence_of([&] { session.ask(question, short_answer_); }, ErrorCode::interrupted);
    EXPECT_TRUE(contents(session) == before);
    EXPECT_EQ(session.ask(question, short_answer_).text(), undisturbed);

    interrupted_by_another_thread(session, [&] { session.ask(question, short_answer_); });
    clear(session);
    EXPECT_TRUE(contents(session) == before);
    EXPECT_EQ(session.ask(question, short_answer_).text(), undisturbed);
}

TEST_F(InterruptTest, A_text_to_continue_stops_between_its_batches) {
    Session session = reader();
    const std::uint64_t n_before = session.stats().distillations;
    interrupted_by_another_thread(session, [&] { session.generate(words(100'000)); });
    EXPECT_LT(session.stats().distillations, n_before + 100) << "read to the end";
    clear(session);
    EXPECT_FALSE(session.ask("who?", short_answer_).text().empty());
}

TEST_F(InterruptTest, An_answer_stops_between_tokens_and_leaves_no_trace) {
    Session session = reader();
    const std::string before = contents(session);
    const std::string undisturbed = session.ask("who?", short_answer_).text();
    {
        Generation answer = session.ask("who?", short_answer_);
        auto piece = answer.begin();
        ++ ++piece;
        const int n_tokens = answer.n_tokens();
        session.interrupt();
        sentence_of([&] { ++piece; }, ErrorCode::interrupted);
        EXPECT_EQ(answer.n_tokens(), n_tokens) << "no token came after the interruption";
    }
    EXPECT_TRUE(contents(session) == before);
    EXPECT_EQ(session.ask("who?", short_answer_).text(), undisturbed);
}

TEST_F(InterruptTest, An_answer_may_go_on_after_an_interruption) {
    for (const bool kept : {false, true}) {
        Session one = reader(), other = reader();
        const auto begin = [&](Session& session) {
            return kept ? session.generate("the time", short_answer_)
                        : session.ask("who?", short_answer_);
        };
        const std::string undisturbed = begin(one).text();
        Generation answer = begin(other);
        auto piece = answer.begin();
        other.interrupt();
        sentence_of([&] { ++piece; }, ErrorCode::interrupted);
        EXPECT_EQ(answer.text(), undisturbed);
    }
}

}  // namespace
}  // namespace infinipot
