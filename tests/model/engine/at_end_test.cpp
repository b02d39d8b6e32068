#include <gtest/gtest.h>

#include "model/access.h"
#include "model/model_impl.h"
#include "support/session_fixture.h"

// The schedule that evicts once, when text and question have been read.

namespace infinipot {
namespace {

int n_tokens(const Session& session, const std::string& question) {
    Session::Impl& impl = Access::impl(session);
    return static_cast<int>(
        frame_question(Access::impl(impl.model()), impl.plan().frame, question, true).size());
}

const Way at_end_ways[] = {
    {"snapkv", "snapkv:window=16"},
    {"snapkv_window_longer_than_the_question", "snapkv"},
    {"h2o", "h2o", Schedule::at_end},
    {"infinipot", "infinipot", Schedule::at_end},
    {"expected_attention", "expected_attention", Schedule::at_end},
    {"l2norm", "l2norm", Schedule::at_end, Positions::keep},
};

class AtEnd : public ScheduleTest, public testing::WithParamInterface<Way> {
   protected:
    const std::string question_ =
        "who was not far when all the old men came home, and who sat still?";
};

TEST_P(AtEnd, Retains_text_and_question_and_then_the_text_alone) {
    Session reader = session(GetParam());
    reader.ingest(text(120));
    reader.flush();
    EXPECT_GT(reader.stats().n_kv, 96);
    EXPECT_EQ(reader.stats().distillations, 0u);
    const int n_question = n_tokens(reader, question_);
    ASSERT_GE(n_question, 16);
    {
        const Generation answer = reader.ask(question_, {.max_tokens = 1});
        EXPECT_EQ(reader.stats().n_kv, 96);
        const std::int64_t newest = Access::impl(reader).cache().tags(0, 0).back().position;
        for (int i = 0; i < n_question; ++i) {  // a window no longer than it included
            EXPECT_EQ(
                Access::impl(reader).cache().tags(1, 1)[95u - static_cast<std::size_t>(i)].position,
                newest - i);
        }
    }
    EXPECT_EQ(reader.stats().distillations, 1u);
    EXPECT_EQ(reader.stats().n_kv, 96 - n_question);
    EXPECT_LE(reader.stats().peak_n_kv, 256);
}

TEST_P(AtEnd, Answers_later_questions_from_the_entries_that_the_first_one_kept) {
    Session reader = session(GetParam());
    reader.ingest(text(120));
    reader.ask(question_, {.max_tokens = 5}).text();
    const std::string before = contents(reader);
    const std::string second = reader.ask("who sat still?", {.max_tokens = 12}).text();
    reader.ask(question_, {.max_tokens = 30}).text();
    EXPECT_EQ(reader.ask("who sat still?", {.max_tokens = 12}).text(), second);
    EXPECT_TRUE(contents(reader) == before);
    EXPECT_EQ(reader.stats().distillations, 1u);
    reader.ingest(text(60, 4));
    reader.ask(question_, {.max_tokens = 5}).text();
    EXPECT_EQ(reader.stats().distillations, 2u);
    EXPECT_EQ(reader.stats().n_kv, 96 - n_tokens(reader, question_));
}

TEST_P(AtEnd, A_question_that_evicts_nothing_leaves_no_trace) {
    Session asked = session(GetParam()), unasked = session(GetParam());
    for (Session* reader : {&asked, &unasked}) {
        reader->ingest(text(40));
        reader->flush();
    }
    asked.ask("who?", {.max_tokens = 5}).text();
    asked.ask("who was not far?", {.max_tokens = 5}).text();
    EXPECT_EQ(asked.stats().distillations, 0u);
    EXPECT_TRUE(contents(asked) == contents(unasked));
    for (Session* reader : {&asked, &unasked}) {
        reader->ingest(text(70, 4));
        reader->ask(question_, {.max_tokens = 5}).text();
    }
    EXPECT_EQ(asked.stats().distillations, 1u);
    EXPECT_TRUE(contents(asked) == contents(unasked));
}

TEST_P(AtEnd, Reading_in_one_call_or_in_many_leaves_the_same_pot) {
    const std::string all = text(120);
    Session at_once = session(GetParam()), in_steps = session(GetParam());
    at_once.ingest(all);
    for (std::size_t at = 0; at < all.size(); at += 5) in_steps.ingest(all.substr(at, 5));
    for (Session* reader : {&at_once, &in_steps}) reader->ask(question_, {.max_tokens = 3}).text();
    EXPECT_TRUE(contents(at_once) == contents(in_steps));
}

TEST_P(AtEnd, Refuses_text_and_questions_that_do_not_fit) {
    Session reader = session(GetParam());
    EXPECT_NE(sentence_of(
                  [&] {
                      reader.ingest(text(400));
                      reader.flush();
                  },
                  ErrorCode::does_not_fit)
                  .find("schedule"),
              std::string::npos);
    Session filled = session(GetParam());
    filled.ingest(text(140));
    filled.flush();
    const std::string before = contents(filled);
    // Fewer tokens than the pot has room for, but more than are retained; and then too many as
    // well.
    for (const int n : {100, 200}) {
        sentence_of([&] { filled.ask(text(n)); }, ErrorCode::does_not_fit);
        EXPECT_TRUE(contents(filled) == before);
    }
    EXPECT_FALSE(filled.ask(question_, {.max_tokens = 100}).text().empty());
    EXPECT_LE(filled.stats().peak_n_kv, 256);
}

INSTANTIATE_TEST_SUITE_P(Ways, AtEnd, testing::ValuesIn(at_end_ways),
                         [](const auto& test_case) { return test_case.param.name; });

TEST_F(ScheduleTest, The_catalyst_fits_after_the_longest_question) {
    SessionOptions tight = options({"", "infinipot", Schedule::at_end});
    tight.budget = {.capacity = 256, .retain = 100, .reserve = 40};
    Session reader(model_, tight);
    const int n_catalyst = static_cast<int>(Access::impl(reader).plan().catalyst.size());
    reader.ingest(text(256 - n_catalyst - 40 - 4));
    reader.flush();
    ASSERT_GT(reader.stats().n_kv, 100);
    sentence_of([&] { reader.ask(text(60)); }, ErrorCode::does_not_fit);
    EXPECT_FALSE(reader.ask(text(36), {.max_tokens = 3}).text().empty());
    EXPECT_EQ(reader.stats().distillations, 1u);
    EXPECT_LE(reader.stats().peak_n_kv, 256);
    EXPECT_GE(reader.stats().peak_n_kv, 246);
}

}  // namespace
}  // namespace infinipot
