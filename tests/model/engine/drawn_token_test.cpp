#include "engine/drawn_token.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "model/access.h"
#include "model/model_impl.h"
#include "support/libllama.h"
#include "support/session_fixture.h"
#include "support/tiny_model.h"

// Log-probabilities of the tokens of an answer.

namespace infinipot {
namespace {

std::vector<DrawnToken> all_of(Generation& generation) {
    std::vector<DrawnToken> tokens;
    const auto take = [&] {
        const auto drawn = generation.logprobs();
        tokens.insert(tokens.end(), drawn.begin(), drawn.end());
    };
    for ([[maybe_unused]] std::string_view piece : generation) take();
    take();
    return tokens;
}

std::string bytes_of(const std::vector<DrawnToken>& tokens) {
    std::string bytes;
    for (const DrawnToken& each : tokens) bytes += each.bytes;
    return bytes;
}

double log_softmax(const std::vector<float>& logits, Token token) {
    double sum = 0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
    return logits[static_cast<std::size_t>(token)] - std::log(sum);
}

TEST_F(SessionTest, Log_probabilities_are_libllamas) {
    const auto path = write_tiny_model({.n_vocab = 600}, folder_.path(), "same.gguf");
    LibLlama reference(path, 256);
    const Vocabulary& vocabulary = Access::impl(model_).vocabulary;
    std::vector<Token> tokens = vocabulary.stream_start();
    for (const Token token : vocabulary.tokenize("the time was")) tokens.push_back(token);
    std::vector<float> logits = reference.decode(tokens).back();

    Session writer = session();
    // Neither the temperature nor a bias changes them.
    Generation text = writer.generate("the time was", {.sampling = {.temperature = 2, .seed = 4},
                                                       .max_tokens = 30,
                                                       .min_tokens = 30,
                                                       .logit_bias = {{17, 3}},
                                                       .n_logprobs = 5});
    const auto drawn = all_of(text);
    ASSERT_EQ(drawn.size(), 30u);
    for (const DrawnToken& each : drawn) {
        EXPECT_NEAR(each.logprob, log_softmax(logits, each.token), 0.02);
        ASSERT_EQ(each.likeliest.size(), 5u);
        EXPECT_NEAR(each.likeliest[0].logprob, log_softmax(logits, each.likeliest[0].token), 0.02);
        std::ranges::sort(logits, std::greater());
        for (std::size_t i = 0; i < 5; ++i)
            EXPECT_NEAR(each.likeliest[i].logprob - each.likeliest[0].logprob,
                        logits[i] - logits[0], 0.02);
        logits = reference.decode(std::vector<Token>{each.token}).back();
    }
}

TEST_F(SessionTest, Log_probabilities_do_not_change_an_answer) {
    Session reader = session();
    reader.ingest(words(300));
    GenerateOptions options{.sampling = {.temperature = 1, .seed = 3}, .max_tokens = 30};
    const std::string text = reader.ask("who?", options).text();
    options.n_logprobs = 20;
    Generation answer = reader.ask("who?", options);
    std::string pieces;
    std::vector<DrawnToken> tokens;
    for (std::string_view piece : answer) {
        pieces += piece;
        for (const DrawnToken& each : answer.logprobs()) tokens.push_back(each);
        if (pieces.ends_with("\uFFFD")) continue;  // of an unfinished character
        EXPECT_TRUE(bytes_of(tokens).starts_with(pieces)) << "a token is later than its text";
    }
    EXPECT_EQ(pieces, text);
    for (const DrawnToken& each : answer.logprobs()) tokens.push_back(each);
    EXPECT_EQ(static_cast<int>(tokens.size()), answer.n_tokens());
}

TEST_F(SessionTest, Log_probabilities_of_a_stop_string_come_at_the_end) {
    Session reader = session();
    reader.ingest(words(300));
    const std::string whole = reader.ask("who?", {.max_tokens = 20}).text();
    GenerateOptions options{.max_tokens = 20, .stop = {whole.substr(0, 1)}, .n_logprobs = 0};
    Generation answer = reader.ask("who?", options);
    const auto tokens = all_of(answer);
    ASSERT_EQ(tokens.size(), 1u);
    EXPECT_TRUE(tokens[0].bytes.starts_with(whole.substr(0, 1)));
    EXPECT_TRUE(tokens[0].likeliest.empty());
}

TEST_F(SessionTest, The_likeliest_token_is_the_one_that_greedy_decoding_takes) {
    Session reader = session();
    reader.ingest(words(300));
    Generation answer = reader.ask("who?", {.max_tokens = 20, .n_logprobs = 3});
    for (const DrawnToken& each : all_of(answer)) {
        EXPECT_EQ(each.token, each.likeliest[0].token);
        EXPECT_EQ(each.logprob, each.likeliest[0].logprob);
        EXPECT_GE(each.likeliest[1].logprob, each.likeliest[2].logprob);
    }
    Generation silent = reader.ask("who?", {.max_tokens = 20});
    EXPECT_TRUE(all_of(silent).empty());
}

TEST_F(SessionTest, The_probabilities_of_all_tokens_add_up_to_1) {
    const Vocabulary& vocabulary = Access::impl(model_).vocabulary;
    std::vector<float> logits(600, 100.0f);
    for (std::size_t i = 0; i < logits.size(); ++i) logits[i] += static_cast<float>(i % 7);
    const DrawnToken drawn = drawn_token(logits, 3, 600, vocabulary);
    double sum = 0;
    for (const TokenLogprob& each : drawn.likeliest) sum += std::exp(each.logprob);
    EXPECT_NEAR(sum, 1, 1e-5);
    EXPECT_EQ(drawn.likeliest[0].token, 6) << "the first of equal ones";
}

}  // namespace
}  // namespace infinipot
