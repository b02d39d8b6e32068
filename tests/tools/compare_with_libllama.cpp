// Lets libllama write 200 likeliest tokens behind five prompts, and counts at how many of them
// InfiniPot finds the same token the likeliest. Prints one JSON object.
#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/session_impl.h"
#include "infinipot/infinipot.h"
#include "model/access.h"
#include "model/model_impl.h"
#include "support/libllama.h"
#include "support/quiet_llama.h"

namespace infinipot {
namespace {

constexpr int n_written = 200;
constexpr int n_threads = 2;
constexpr int n_context = 1024;

constexpr std::array<std::string_view, 5> prompts = {
    "It was a dark night when the ship left the harbour. The captain stood on the bridge, and "
    "nobody on board knew where she was going. In the morning",
    "Question: Why does the moon always show the same face to the earth?\nAnswer:",
    "def primes(n):\n    \"\"\"Returns all prime numbers below n.\"\"\"\n",
    "Die Donau entspringt im Schwarzwald und",
    "A list of the planets, with the number of their moons:\n1. Mercury, 0\n2. Venus,",
};

Token likeliest(std::span<const float> logits) {
    return static_cast<Token>(std::ranges::max_element(logits) - logits.begin());
}

std::vector<Token> written_by_libllama(const std::filesystem::path& path,
                                       std::vector<Token> prompt) {
    LibLlama libllama(path, n_context, n_threads);
    std::vector<Token> tokens;
    for (std::vector<Token> next = std::move(prompt); tokens.size() < n_written;) {
        tokens.push_back(likeliest(libllama.decode(next).back()));
        next = {tokens.back()};
    }
    return tokens;
}

/// How InfiniPot finds the tokens that libllama has written.
struct Agreement {
    int n_same = 0;       ///< tokens that are the likeliest here too
    float shortfall = 0;  ///< the most by which the logit of another one was larger
};

void compare(const Model& model, const std::vector<Token>& prompt, const std::vector<Token>& tokens,
             Agreement& agreement) {
    SessionOptions options;
    options.budget.capacity = n_context;
    options.policy = policies::full();
    options.n_threads = n_threads;
    Session session(model, options);
    Session::Impl& impl = Access::impl(session);
    impl.read(prompt, false);
    for (const Token token : tokens) {
        const float logit = impl.logits()[static_cast<std::size_t>(token)];
        const float shortfall = *std::ranges::max_element(impl.logits()) - logit;
        agreement.n_same += shortfall == 0;
        agreement.shortfall = std::max(agreement.shortfall, shortfall);
        impl.read_generated(token, false);
    }
}

nlohmann::ordered_json compare_with_libllama(const std::filesystem::path& path) {
    const Model native = Model::load(path);
    const Model ggml = Model::load(path, {.kernels = Kernels::ggml, .repack = false});
    Agreement with_native;
    Agreement with_ggml;
    for (const std::string_view text : prompts) {
        std::vector<Token> prompt = Access::impl(native).vocabulary.stream_start();
        const std::vector<Token> words = native.tokenize(text);
        prompt.insert(prompt.end(), words.begin(), words.end());
        const std::vector<Token> tokens = written_by_libllama(path, prompt);
        compare(native, prompt, tokens, with_native);
        compare(ggml, prompt, tokens, with_ggml);
    }
    return {{"tokens", prompts.size() * n_written},
            {"same", with_native.n_same},
            {"largest_shortfall", with_native.shortfall},
            {"same_with_ggml_kernels", with_ggml.n_same},
            {"largest_shortfall_with_ggml_kernels", with_ggml.shortfall}};
}

}  // namespace
}  // namespace infinipot

int main(int argc, char** argv) try {
    if (argc != 2) return std::cerr << "usage: compare_with_libllama MODEL.gguf\n", 2;
    const infinipot::QuietLlama quiet;
    std::cout << infinipot::compare_with_libllama(argv[1]).dump() << '\n';
} catch (const std::exception& error) {
    return std::cerr << "compare_with_libllama: " << error.what() << '\n', 1;
}
