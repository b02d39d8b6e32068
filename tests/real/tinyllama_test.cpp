#include <gtest/gtest.h>

#include <algorithm>

#include "engine/session_impl.h"
#include "eval/passkey/passkey.h"
#include "infinipot/infinipot.h"
#include "model/access.h"
#include "support/cached_model.h"
#include "support/libllama.h"

namespace infinipot {
namespace {

class TinyLlamaTest : public testing::Test {
   protected:
    void SetUp() override {
        if (!std::filesystem::exists(path_)) GTEST_SKIP() << "run infinipot pull tinyllama";
    }

    std::filesystem::path path_ = cached_model("tinyllama.gguf");
};

constexpr std::string_view story =
    "It was a dark night when the ship left the harbour. The captain stood on the bridge, and "
    "nobody "
    "on board knew where she was going. In the morning";
constexpr int n_generated = 200;

Token likeliest(std::span<const float> logits) {
    return static_cast<Token>(std::ranges::max_element(logits) - logits.begin());
}

std::vector<Token> generate_with_libllama(const std::filesystem::path& path,
                                          std::vector<Token> prompt) {
    LibLlama libllama(path, 512);
    std::vector<Token> tokens;
    for (std::vector<Token> next = std::move(prompt); tokens.size() < n_generated;) {
        tokens.push_back(likeliest(libllama.decode(next).back()));
        next = {tokens.back()};
    }
    return tokens;
}

/// Returns, in logits, how much less likely than the best token a session finds each next token.
std::vector<float> shortfalls(const std::filesystem::path& path, Kernels kernels,
                              const std::vector<Token>& prompt, const std::vector<Token>& tokens) {
    SessionOptions options;
    options.budget.capacity = 512;
    options.policy = policies::full();
    options.n_threads = 2;
    Session session(Model::load(path, {.kernels = kernels}), options);
    Session::Impl& impl = Access::impl(session);
    impl.read(prompt, false);
    std::vector<float> result;
    for (const Token token : tokens) {
        result.push_back(*std::ranges::max_element(impl.logits()) -
                         impl.logits()[static_cast<std::size_t>(token)]);
        impl.read_generated(token, false);
    }
    return result;
}

TEST_F(TinyLlamaTest, Generates_the_same_200_tokens_as_libllama) {
    const Model model = Model::load(path_, {.repack = false});
    std::vector<Token> prompt = Access::impl(model).vocabulary.stream_start();
    const auto words = model.tokenize(story);
    prompt.insert(prompt.end(), words.begin(), words.end());
    const auto expected = generate_with_libllama(path_, prompt);
    EXPECT_EQ(shortfalls(path_, Kernels::ggml, prompt, expected), std::vector<float>(200, 0.0f));
    // Native kernels round otherwise: they may prefer another token where two are nearly as likely.
    const auto native = shortfalls(path_, Kernels::native, prompt, expected);
    EXPECT_LE(*std::ranges::max_element(native), 0.5f);
    EXPECT_GE(std::ranges::count(native, 0.0f), 190);
}

TEST_F(TinyLlamaTest, Has_the_frame_of_its_chat_template) {
    const ChatFrame expected = {"<|user|>\n", "</s>\n<|assistant|>\n"};
    EXPECT_EQ(Access::impl(Model::load(path_)).frame, expected);
}

TEST_F(TinyLlamaTest, Finds_a_key_in_a_text_three_times_as_long_as_its_KV_cache) {
    SessionOptions options;
    options.budget = {.capacity = 1024, .retain = 512};
    options.framing = Framing::raw;
    options.catalyst = eval::passkey_question;
    Session session(Model::load(path_), options);
    const auto passkey = eval::make_passkey(
        {.format = eval::PasskeyFormat::llama_cpp, .length = 3072, .depth = 0.3});
    session.ingest(passkey.text);
    const std::string answer = session.ask(passkey.question, {.max_tokens = 12}).text();
    EXPECT_TRUE(eval::found_passkey(answer, passkey.key)) << answer;
    EXPECT_GE(session.stats().distillations, 3u);
}

}  // namespace
}  // namespace infinipot
