#include <gtest/gtest.h>

#include <algorithm>

#include "base/utf8.h"
#include "support/session_fixture.h"

// The ends of answers, and the text that they consist of.

namespace infinipot {
namespace {

/// All tokens that are written so.
std::vector<Token> tokens_of(const Model& model, std::string_view piece) {
    std::vector<Token> tokens;
    for (Token token = 0; token < model.info().n_vocab; ++token) {
        if (model.piece(token) == piece) tokens.push_back(token);
    }
    return tokens;
}

TEST_F(SessionTest, An_answer_ends_where_the_pot_is_full) {
    Session reader = session();
    reader.ingest(words(900));
    Generation answer = reader.ask("who?", {.max_tokens = 5000, .min_tokens = 5000});
    answer.text();
    EXPECT_EQ(answer.stop_reason(), StopReason::pot_full);
    EXPECT_LE(reader.stats().peak_n_kv, 256);
}

TEST_F(SessionTest, An_answer_ends_before_a_stop_token) {
    Session reader = session();
    reader.ingest(words(300));
    std::vector<std::string> pieces;
    for (std::string_view piece : reader.ask("who?", {.max_tokens = 20})) {
        pieces.emplace_back(piece);
    }
    // The last piece that is a token by itself, and no end of a character.
    const auto is_token = [&](const std::string& piece) {
        return !tokens_of(model_, piece).empty();
    };
    const auto last = std::find_if(pieces.rbegin(), pieces.rend(), is_token);
    ASSERT_NE(last, pieces.rend());
    const std::vector<Token> stops = tokens_of(model_, *last);
    std::string before;
    for (const std::string& piece : pieces) {
        if (piece == *last) break;
        before += piece;
    }
    Generation answer = reader.ask("who?", {.max_tokens = 20, .stop_tokens = stops});
    EXPECT_EQ(answer.text(), before);
    EXPECT_EQ(answer.stop_reason(), StopReason::end_of_answer);
}

TEST_F(SessionTest, An_answer_ends_before_a_stop_string_wherever_it_begins) {
    Session reader = session();
    reader.ingest(words(300));
    const std::string whole = reader.ask("who?", {.max_tokens = 40}).text();
    ASSERT_GT(whole.size(), 30u);
    int n_tried = 0;
    for (std::size_t first = 0; first + 12 < whole.size(); first += 3) {
        for (const std::size_t n : {1u, 5u, 12u}) {
            const std::string stop = whole.substr(first, n);
            if (utf8_complete_prefix(stop) != n || (stop[0] & 0xC0) == 0x80) continue;
            if (stop != replace_ill_formed_utf8(stop)) continue;
            Generation answer = reader.ask("who?", {.max_tokens = 40, .stop = {"never", stop}});
            EXPECT_EQ(answer.text(), whole.substr(0, whole.find(stop))) << stop;
            EXPECT_EQ(answer.stop_reason(), StopReason::stop_string);
            ++n_tried;
        }
    }
    EXPECT_GT(n_tried, 5);
}

TEST_F(SessionTest, Text_that_only_begins_like_a_stop_string_comes_out) {
    Session reader = session();
    reader.ingest(words(300));
    const std::string whole = reader.ask("who?", {.max_tokens = 20}).text();
    for (std::size_t first = 0; first < whole.size(); ++first) {
        const std::string stop = replace_ill_formed_utf8(whole.substr(first)) + "never";
        Generation answer = reader.ask("who?", {.max_tokens = 20, .stop = {stop}});
        ASSERT_EQ(answer.text(), whole) << first;
        ASSERT_EQ(answer.stop_reason(), StopReason::max_tokens);
    }
}

TEST_F(SessionTest, A_stop_string_in_the_first_min_tokens_does_not_end_an_answer) {
    Session reader = session();
    reader.ingest(words(300));
    const GenerateOptions long_enough{.max_tokens = 20, .min_tokens = 20};
    const std::string whole = reader.ask("who?", long_enough).text();
    GenerateOptions stopping = long_enough;
    stopping.stop = {whole.substr(0, 1)};
    EXPECT_EQ(reader.ask("who?", stopping).text(), whole);
}

TEST_F(SessionTest, An_answer_that_a_stop_string_ended_leaves_no_trace) {
    Session reader = session();
    reader.ingest(words(300));
    reader.flush();
    const std::string before = contents(reader);
    const std::string whole = reader.ask("who?", {.max_tokens = 20}).text();
    Generation answer = reader.ask("who?", {.max_tokens = 20, .stop = {whole.substr(0, 1)}});
    EXPECT_EQ(answer.text(), "");
    EXPECT_TRUE(contents(reader) == before);
}

TEST_F(SessionTest, An_answer_does_not_end_too_early) {
    Session reader = session();
    reader.ingest(words(300));
    const std::string first = reader.ask("who?", {.max_tokens = 1}).text();
    const std::vector<Token> stops = tokens_of(model_, first);
    ASSERT_FALSE(stops.empty());
    EXPECT_EQ(reader.ask("who?", {.max_tokens = 1, .stop_tokens = stops}).text(), "");
    Generation answer =
        reader.ask("who?", {.max_tokens = 20, .min_tokens = 1, .stop_tokens = stops});
    EXPECT_FALSE(answer.text().starts_with(first));
    EXPECT_GE(answer.n_tokens(), 1);
}

TEST_F(SessionTest, Contradictory_options_of_an_answer_are_refused) {
    Session reader = session();
    reader.ingest(words(30));
    for (const GenerateOptions& bad :
         {GenerateOptions{.max_tokens = 0}, GenerateOptions{.max_tokens = 3, .min_tokens = 4},
          GenerateOptions{.min_tokens = -1}, GenerateOptions{.stop_tokens = {600}},
          GenerateOptions{.stop_tokens = {-1}}, GenerateOptions{.stop = {""}},
          GenerateOptions{.n_logprobs = -1}, GenerateOptions{.n_logprobs = 21}}) {
        sentence_of([&] { reader.ask("who?", bad); }, ErrorCode::invalid_argument);
        sentence_of([&] { validate(model_, bad); }, ErrorCode::invalid_argument);
    }
    EXPECT_NO_THROW(validate(model_, {.stop = {"."}, .grammar = "root ::= [a-z]+"}));
    for (const GenerateOptions& bad :
         {GenerateOptions{.stop = {"\xff"}}, GenerateOptions{.answer_prefix = "\xff"}})
        sentence_of([&] { validate(model_, bad); }, ErrorCode::bad_text);
}

TEST_F(SessionTest, Generated_text_is_remembered_and_may_exceed_the_capacity) {
    Session writer = session();
    writer.generate("the time was", {.max_tokens = 1}).text();
    const int n_before = writer.stats().n_kv;
    Generation text = writer.generate(" not", {.max_tokens = 20});
    text.text();
    EXPECT_EQ(writer.stats().n_kv, n_before + text.n_tokens() + 1) << "prompt and answer";
    while (writer.stats().tokens_generated < 700) {
        writer.generate(" and", {.max_tokens = 700}).text();
    }
    EXPECT_GE(writer.stats().distillations, 4u);
    EXPECT_LE(writer.stats().peak_n_kv, 256);
}

TEST_F(SessionTest, Generates_past_the_end_token_if_min_tokens_says_so) {
    Session writer = session();
    Generation text = writer.generate("the time was", {.max_tokens = 700, .min_tokens = 700});
    text.text();
    EXPECT_EQ(text.n_tokens(), 700);
    EXPECT_EQ(text.stop_reason(), StopReason::max_tokens);
}

TEST_F(SessionTest, Sampling_with_a_seed_is_repeatable) {
    Session reader = session();
    const GenerateOptions hot{
        .sampling = {.temperature = 1.5f, .top_k = 0, .top_p = 1, .min_p = 0, .seed = 5},
        .max_tokens = 30};
    GenerateOptions other = hot;
    other.sampling.seed = 6;
    const std::string first = reader.ask("who?", hot).text();
    EXPECT_EQ(reader.ask("who?", hot).text(), first);
    EXPECT_NE(reader.ask("who?", other).text(), first);
}

}  // namespace
}  // namespace infinipot
