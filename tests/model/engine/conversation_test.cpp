#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "model/access.h"
#include "model/model_impl.h"
#include "support/session_fixture.h"
#include "support/tiny_model.h"
#include "text/chat_frame.h"
#include "text/next_prompt.h"

// Turns of a conversation: what is read, what stays, and what can be taken back.

namespace infinipot {
namespace {

const char* const plain_chat =
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] + "
    "eos_token + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}";

/// Opens a thought before each answer, and leaves out the thoughts of earlier ones.
const char* const thinking_chat =
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' }}"
    "{{ message['content'].split('</think>')[-1] }}{{ eos_token + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n<think>\n' }}{% endif %}";

class ConversationTest : public testing::Test {
   protected:
    static Model load(const char* chat, const TempDir& folder) {
        return Model::load(write_tiny_model(
            {.n_ctx_train = 4096, .n_vocab = 600, .chat_template = chat}, folder.path()));
    }

    SessionOptions options(int capacity = 256) const {
        return {.budget = {.capacity = capacity}, .n_batch = 32, .n_threads = 1};
    }

    const Vocabulary& vocabulary(const Model& model) const {
        return Access::impl(model).vocabulary;
    }

    /// The tokens of all entries, as text.
    std::string said(Session& session) const {
        session.flush();
        std::string text;
        for (const Tag& tag : Access::impl(session).cache().tags(0, 0))
            text += vocabulary(session.model()).piece(tag.token);
        return text;
    }

    /// The same messages, read at once.
    std::string whole(const Model& model, const std::vector<Message>& messages) const {
        const auto parts = Access::impl(model).chat_template->render(
            messages, {.add_generation_prompt = false, .time = time_of_frames()});
        std::string text;
        for (const Token token : vocabulary(model).tokenize_prompt(parts))
            text += vocabulary(model).piece(token);
        return text;
    }

    std::string talk(Session& session, int turn, int n_tokens = 12) const {
        return session
            .reply("tell me about " + words(8, static_cast<unsigned>(turn)),
                   {.max_tokens = n_tokens, .min_tokens = n_tokens})
            .text();
    }

    TempDir folder_;
    Model model_ = load(plain_chat, folder_);
};

/// Short answers that are tokenised as they were generated, or nearly so.
const GenerateOptions letters{.max_tokens = 5, .grammar = "root ::= [a-z ]*"};

Message user(std::string text) { return {.role = "user", .content = std::move(text)}; }
Message assistant(std::string text) { return {.role = "assistant", .content = std::move(text)}; }

TEST_F(ConversationTest, Reads_each_message_once_and_keeps_the_answers) {
    Session session(model_, options());
    const std::string a1 = session.reply("a cat", letters).text();
    const std::string a2 = session.reply("a dog", letters).text();
    const std::string all =
        whole(model_, {user("a cat"), assistant(a1), user("a dog"), assistant(a2)});
    const std::string kept = said(session);
    EXPECT_EQ(kept, all.substr(0, kept.size()));
    EXPECT_GE(kept.size() + 2, all.size());  // the end of the last answer is not written yet
}

TEST_F(ConversationTest, Begins_with_the_system_prompt_and_never_evicts_it) {
    SessionOptions o = options();
    o.system_prompt = "be brief and kind";
    Session session(model_, o);
    const std::string opening = whole(model_, {{.role = "system", .content = o.system_prompt}});
    for (int turn = 0; turn < 40; ++turn) talk(session, turn);
    EXPECT_GE(session.stats().distillations, 10u);
    EXPECT_LE(session.stats().peak_n_kv, 256);
    EXPECT_TRUE(said(session).starts_with(opening)) << said(session);
}

TEST_F(ConversationTest, Goes_on_within_an_answer_that_does_not_fit) {
    Session session(model_, options(128));
    Generation answer = session.reply("a cat", {.max_tokens = 600, .min_tokens = 600});
    answer.text();
    EXPECT_EQ(answer.stop_reason(), StopReason::max_tokens);
    EXPECT_EQ(answer.n_tokens(), 600);
    EXPECT_GE(session.stats().distillations, 5u);
    EXPECT_LE(session.stats().peak_n_kv, 128);
}

TEST_F(ConversationTest, Takes_a_text_for_the_beginning_of_the_users_words) {
    Session session(model_, options());
    session.ingest("a fine story");
    const std::string a1 = session.reply("who?", letters).text();
    session.ingest("a second story");
    const std::string a2 = session.reply("why?", letters).text();
    const std::string kept = said(session);
    const std::string all = whole(model_, {user("a fine story\n\nwho?"), assistant(a1),
                                           user("a second story\n\nwhy?"), assistant(a2)});
    EXPECT_EQ(kept, all.substr(0, kept.size()));
}

TEST_F(ConversationTest, Is_not_changed_by_questions_that_leave_no_trace) {
    Session session(model_, options());
    session.reply("a cat", letters).text();
    session.flush();
    const std::string before = contents(session);
    EXPECT_NE(session.ask("a question", letters).text(), "");
    EXPECT_EQ(contents(session), before);
}

TEST_F(ConversationTest, Begins_with_the_turn_even_if_a_question_was_asked_before) {
    Session asked(model_, options());
    asked.ask("a question", letters).text();
    Session fresh(model_, options());
    EXPECT_EQ(talk(asked, 1), talk(fresh, 1));
    EXPECT_EQ(said(asked), said(fresh));
}

TEST_F(ConversationTest, Keeps_an_answer_that_was_cut_off) {
    Session session(model_, options());
    std::string heard;
    {
        Generation answer = session.reply("a cat", {.max_tokens = 50, .min_tokens = 50});
        for (const std::string_view piece : answer) {
            heard += piece;
            if (answer.n_tokens() >= 5) break;
        }
    }
    const std::string all = whole(model_, {user("a cat"), assistant(heard)});
    EXPECT_TRUE(all.starts_with(said(session))) << said(session);
    EXPECT_TRUE(said(session).ends_with(heard.substr(heard.size() - 1)));
}

struct Undoing {
    const char* policy;
    int n_tokens;  ///< of each answer: few, or so many that entries are evicted within it
};

void PrintTo(const Undoing& u, std::ostream* out) { *out << u.policy << ' ' << u.n_tokens; }

class Undo : public ConversationTest, public testing::WithParamInterface<Undoing> {};

TEST_P(Undo, Takes_a_reply_back_bit_for_bit) {
    SessionOptions o = options();
    o.policy = make_policy(GetParam().policy);
    if (o.policy->schedule() == Schedule::at_end) o.schedule = Schedule::when_full;
    Session session(model_, o);
    for (int turn = 0; turn < 5; ++turn) talk(session, turn);
    session.flush();
    const std::string before = contents(session);
    const std::uint64_t n_distilled = session.stats().distillations;
    const std::string first = talk(session, 9, GetParam().n_tokens);
    const std::string after = contents(session);
    const bool has_evicted = session.stats().distillations > n_distilled;
    EXPECT_TRUE(has_evicted || GetParam().n_tokens < 100);
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(session.undo());
        EXPECT_TRUE(contents(session) == before);
        EXPECT_EQ(session.stats().distillations, n_distilled);
        EXPECT_EQ(talk(session, 9, GetParam().n_tokens), first);
        EXPECT_TRUE(contents(session) == after);
    }
}

INSTANTIATE_TEST_SUITE_P(Policies, Undo,
                         testing::Values(Undoing{"infinipot", 12}, Undoing{"infinipot", 250},
                                         Undoing{"snapkv", 12}, Undoing{"snapkv", 250},
                                         Undoing{"h2o", 12}, Undoing{"tova", 12},
                                         Undoing{"streaming_llm", 250}),
                         [](const auto& test_case) {
                             return std::string(test_case.param.policy) + '_' +
                                    std::to_string(test_case.param.n_tokens);
                         });

TEST_F(ConversationTest, Takes_many_replies_back_as_long_as_nothing_is_evicted) {
    Session session(model_, options(1024));
    std::vector<std::string> states;
    for (int turn = 0; turn < 8; ++turn) {
        session.flush();
        states.push_back(contents(session));
        talk(session, turn);
    }
    EXPECT_EQ(session.n_undo(), 8);
    for (int turn = 8; turn-- > 0;) {
        ASSERT_TRUE(session.undo());
        session.flush();
        EXPECT_TRUE(contents(session) == states[static_cast<std::size_t>(turn)]) << turn;
    }
    EXPECT_FALSE(session.undo());
}

TEST_F(ConversationTest, Takes_no_reply_back_from_before_the_last_two_evictions) {
    Session session(model_, options(128));
    for (int turn = 0; turn < 20; ++turn) talk(session, turn, 40);
    int n = 0;
    while (session.undo()) ++n;
    EXPECT_GE(n, 1);
    EXPECT_LT(n, 20);
}

TEST_F(ConversationTest, Goes_on_from_a_snapshot_and_a_fork_bit_for_bit) {
    Session session(model_, options());
    for (int turn = 0; turn < 9; ++turn) talk(session, turn);
    const auto path = folder_.path() / "a.pot";
    session.save(path);
    Session restored = Session::restore(model_, path, {.n_threads = 1});
    Session forked = session.fork();
    for (Session* each : {&restored, &forked}) EXPECT_TRUE(contents(*each) == contents(session));
    std::string expected;
    for (Session* each : {&session, &restored, &forked}) {
        std::string told;
        for (int turn = 20; turn < 40; ++turn) told += talk(*each, turn);
        told += contents(*each);
        if (expected.empty()) expected = told;
        EXPECT_TRUE(told == expected);
    }
}

TEST_F(ConversationTest, Is_as_it_was_after_an_error) {
    Session session(model_, options());
    talk(session, 1);
    session.flush();
    const std::string before = contents(session);
    session.interrupt();
    sentence_of([&] { talk(session, 2); }, ErrorCode::interrupted);
    EXPECT_TRUE(contents(session) == before);
    sentence_of([&] { session.reply("a", {.max_tokens = 0}); }, ErrorCode::invalid_argument);
    EXPECT_TRUE(contents(session) == before);
    const Message unknown{.role = "king", .content = "a"};
    sentence_of([&] { session.reply({&unknown, 1}); }, ErrorCode::invalid_argument);
    sentence_of([&] { session.reply(std::span<const Message>()); }, ErrorCode::invalid_argument);
    sentence_of([&] { session.reply("\xFF"); }, ErrorCode::bad_text);
    EXPECT_TRUE(contents(session) == before);
    Session fresh(model_, options());
    talk(fresh, 1);
    EXPECT_EQ(talk(session, 2), talk(fresh, 2));
}

TEST_F(ConversationTest, Wants_a_chat_template) {
    const TempDir folder;
    Session mute(Model::load(write_tiny_model({.n_vocab = 600}, folder.path())), options());
    const std::string sentence =
        sentence_of([&] { mute.reply("a"); }, ErrorCode::unsupported_model);
    EXPECT_NE(sentence.find("no chat template"), std::string::npos) << sentence;
    SessionOptions raw = options();
    raw.framing = Framing::raw;
    Session session(model_, raw);
    sentence_of([&] { session.reply("a"); }, ErrorCode::invalid_argument);
    raw.system_prompt = "be brief";
    sentence_of([&] { Session(model_, raw); }, ErrorCode::invalid_argument);
}

class ThinkingTest : public ConversationTest {
   protected:
    ThinkingTest() { model_ = load(thinking_chat, thinking_folder_); }

    TempDir thinking_folder_;
};

TEST_F(ThinkingTest, Ends_a_thought_that_is_too_long) {
    Session session(model_, options());
    Generation answer =
        session.reply("a cat", {.max_tokens = 60, .min_tokens = 60, .max_thinking_tokens = 5});
    std::string thought, said;
    for (const std::string_view piece : answer) (answer.is_thinking() ? thought : said) += piece;
    EXPECT_NE(thought, "");
    EXPECT_NE(said, "");
    EXPECT_EQ(thought.find("think>"), std::string::npos) << thought;
}

TEST_F(ThinkingTest, Forgets_the_thought_when_the_user_speaks_again) {
    Session session(model_, options(512));
    const GenerateOptions brief{.max_tokens = 40, .min_tokens = 40, .max_thinking_tokens = 5};
    const std::string a1 = session.reply("a cat", brief).text();
    EXPECT_NE(said(session).find("<think>"), std::string::npos);
    session.ingest("and");
    const std::string kept = said(session);
    EXPECT_EQ(kept.find("<think>"), std::string::npos) << kept;
    const std::string all = whole(model_, {user("a cat"), assistant(a1), user("and")});
    EXPECT_TRUE(all.starts_with(kept)) << kept << "\n---\n" << all;
}

TEST_F(ThinkingTest, Forgets_the_thought_although_entries_were_evicted_within_it) {
    Session session(model_, options(160));
    const GenerateOptions longwinded{
        .max_tokens = 300, .min_tokens = 300, .max_thinking_tokens = 250};
    session.reply("a cat", longwinded).text();
    EXPECT_GE(session.stats().distillations, 1u);
    session.ingest("and");
    EXPECT_EQ(session.stats().distillations, 0u);
    EXPECT_EQ(said(session).find("<think>"), std::string::npos);
    EXPECT_TRUE(session.undo());
}

}  // namespace
}  // namespace infinipot
