#include <gtest/gtest.h>

#include "model/access.h"
#include "model/model_impl.h"
#include "support/session_fixture.h"

// Questions: how they are framed, refused and forgotten.

namespace infinipot {
namespace {

TEST_F(SessionTest, Asking_leaves_no_trace) {
    Session reader = session();
    reader.ingest(words(700));
    reader.flush();
    const std::string before = contents(reader);
    const std::string first = reader.ask("who was not far?", {.max_tokens = 20}).text();
    EXPECT_FALSE(first.empty());
    for (int i = 0; i < 3; ++i) {
        reader.ask("another question about something else?", {.max_tokens = 9}).text();
    }
    EXPECT_EQ(reader.ask("who was not far?", {.max_tokens = 20}).text(), first);
    EXPECT_EQ(contents(reader), before);
    reader.ingest(words(300, 9));
    reader.flush();
    Session unasked = session();
    unasked.ingest(words(700));
    unasked.flush();
    unasked.ingest(words(300, 9));
    unasked.flush();
    EXPECT_EQ(contents(reader), contents(unasked)) << "reading on is not disturbed either";
}

TEST_F(SessionTest, A_dropped_answer_leaves_no_trace) {
    Session reader = session();
    reader.ingest(words(300));
    reader.flush();
    const std::string before = contents(reader);
    { Generation dropped = reader.ask("who?"); }
    EXPECT_EQ(contents(reader), before);
}

TEST_F(SessionTest, Refuses_a_second_answer_while_one_is_unfinished) {
    Session reader = session();
    Generation answer = reader.ask("who?");
    EXPECT_NE(sentence_of([&] { reader.ask("and who else?"); }, ErrorCode::invalid_argument)
                  .find("still"),
              std::string::npos);
    answer.text();
    EXPECT_NO_THROW(reader.ask("and who else?"));
}

TEST_F(SessionTest, A_question_that_is_not_UTF_8_is_refused_at_its_byte) {
    Session reader = session();
    reader.ingest(words(100));
    EXPECT_EQ(sentence_of([&] { reader.ask("who\xff?"); }, ErrorCode::bad_text),
              "the question is not UTF-8 at byte 3");
    EXPECT_EQ(sentence_of([&] { reader.ask("a caf\xc3"); }, ErrorCode::bad_text),
              "the question is not UTF-8 at byte 5");
    EXPECT_EQ(sentence_of([&] { reader.generate("\xed\xa0\x80 and"); }, ErrorCode::bad_text),
              "the text to continue is not UTF-8 at byte 0");
    EXPECT_NO_THROW(reader.ask("a caf\xc3\xa9?", {.max_tokens = 1}).text());
}

TEST_F(SessionTest, A_question_that_does_not_fit_is_refused_and_leaves_no_trace) {
    Session reader = session();
    reader.ingest(words(300));
    reader.flush();
    const std::string before = contents(reader);
    const std::string sentence =
        sentence_of([&] { reader.ask(words(400)); }, ErrorCode::does_not_fit);
    EXPECT_NE(sentence.find("room"), std::string::npos) << sentence;
    EXPECT_EQ(contents(reader), before);
}

TEST_F(SessionTest, The_separator_may_be_part_of_the_question) {
    const Model talker = talking_model();
    ASSERT_GT(frame_tokens(talker, Framing::chat), frame_tokens(talker, Framing::raw));
    const auto answer = [&](const std::string& separator, const std::string& question) {
        SessionOptions apart = options();
        apart.separator = separator;
        Session reader(talker, apart);
        reader.ingest(words(50));
        const std::string text = reader.ask(question, {.max_tokens = 12}).text();
        return std::pair(text, reader.stats().peak_n_kv);
    };
    EXPECT_EQ(answer("", "\n\nwho?"), answer("\n\n", "who?"));
    EXPECT_NE(answer("", "who?").second, answer("\n\n", "who?").second);
}

TEST_F(SessionTest, The_answer_prefix_follows_the_chat_template) {
    const Model talker = talking_model();
    Session reader(talker, options());
    reader.ingest(words(50));
    const Plan& plan = Access::impl(reader).plan();
    std::vector<Token> expected = frame_question(Access::impl(talker), plan.frame, "who?", true);
    const std::vector<Token> prefix = talker.tokenize(" The ol");
    expected.insert(expected.end(), prefix.begin(), prefix.end());
    EXPECT_EQ(frame_question(Access::impl(talker), plan.frame, "who?", true, " The ol"), expected);

    reader.ask("who?", {.max_tokens = 1}).text();
    const int n_kv = reader.stats().peak_n_kv;
    reader.ask("who?", {.max_tokens = 1, .answer_prefix = " The ol"}).text();
    EXPECT_EQ(reader.stats().peak_n_kv, n_kv + static_cast<int>(prefix.size()));
    sentence_of([&] { reader.ask("who?", {.answer_prefix = "caf\xE9"}); }, ErrorCode::bad_text);
}

TEST_F(SessionTest, The_answer_prefix_follows_the_question_without_a_chat_template) {
    Session reader = session();
    reader.ingest(words(50));
    const std::string expected = reader.ask("who? The ol", {.max_tokens = 12}).text();
    const GenerateOptions begun = {.max_tokens = 12, .answer_prefix = " The ol"};
    EXPECT_EQ(reader.ask("who?", begun).text(), expected);
    EXPECT_NE(reader.ask("who?", {.max_tokens = 12}).text(), expected);
}

}  // namespace
}  // namespace infinipot
