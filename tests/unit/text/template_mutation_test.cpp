#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "infinipot/error.h"
#include "support/published_templates.h"
#include "text/chat_template.h"

// Random changes of published templates. INFINIPOT_TEST_MUTANTS=N tries N of them instead of 2000.

namespace infinipot {
namespace {

namespace fs = std::filesystem;
using Random = std::mt19937;
using Tokens = std::vector<std::string>;

/// Words, runs of blanks and single other characters.
Tokens tokens_of(const std::string& text) {
    const auto kind = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) || c == '_') return 1;
        return std::isspace(byte) ? 2 : 0;
    };
    Tokens tokens;
    for (const char c : text) {
        if (!tokens.empty() && kind(c) != 0 && kind(tokens.back().back()) == kind(c))
            tokens.back() += c;
        else
            tokens.emplace_back(1, c);
    }
    return tokens;
}

std::vector<Tokens> tokens_of_published_templates() {
    std::vector<Tokens> all;
    for (const fs::path& file : published_templates()) all.push_back(tokens_of(contents_of(file)));
    return all;
}

std::size_t below(std::size_t n, Random& random) { return random() % n; }

/// Deletes, repeats or swaps some tokens.
void mutate(Tokens& tokens, Random& random) {
    const auto range = [&](std::size_t from) {
        const std::size_t begin = from + below(tokens.size() - from, random);
        const std::size_t n = std::min(1 + below(12, random), tokens.size() - begin);
        return std::pair(tokens.begin() + static_cast<std::ptrdiff_t>(begin),
                         tokens.begin() + static_cast<std::ptrdiff_t>(begin + n));
    };
    if (tokens.size() < 2) return;
    const auto [begin, end] = range(0);
    const std::size_t action = below(4, random);
    if (action == 0) {
        tokens.erase(begin, end);
    } else if (action == 1) {
        const Tokens copied(begin, end);
        Tokens all;
        const std::size_t times = below(8, random) == 0 ? 300 : 1 + below(3, random);
        for (std::size_t i = 0; i < times; ++i) all.insert(all.end(), copied.begin(), copied.end());
        tokens.insert(end, all.begin(), all.end());
    } else if (action == 2) {
        const Tokens copied(begin, end);  // elsewhere too
        const auto at = static_cast<std::ptrdiff_t>(below(tokens.size(), random));
        tokens.insert(tokens.begin() + at, copied.begin(), copied.end());
    } else {
        const auto at = static_cast<std::ptrdiff_t>(below(tokens.size(), random));
        std::iter_swap(begin, tokens.begin() + at);
    }
}

/// Whether a template could be rendered; an Error is the other end that it may take.
bool renders(const std::string& source) {
    const std::vector<Message> messages = {
        {.role = "system", .content = "Be brief."},
        {.content = "What is the capital of France?"},
        {.role = "assistant",
         .tool_calls = {{.id = "abcdef123", .name = "look_up", .arguments = R"({"word": "a"})"}}},
        {.role = "tool", .content = "Paris", .tool_name = "look_up", .tool_call_id = "abcdef123"}};
    const std::string tools = R"([{"type": "function", "function": {"name": "look_up",
        "description": "Looks a word up.", "parameters": {"type": "object",
        "properties": {"word": {"type": "string"}}, "required": ["word"]}}}])";
    constexpr TemplateLimits limits{.time = std::chrono::seconds(2)};
    try {
        const ChatTemplate chat_template(source, {.begin_of_text = "<s>"}, limits);
        return !chat_template.render(messages, {.tools = tools}).empty();
    } catch (const Error&) {
        return false;
    }
}

TEST(TemplateMutation, Ends_in_time_with_a_text_or_an_error) {
    const std::vector<Tokens> originals = tokens_of_published_templates();
    const char* const wanted = std::getenv("INFINIPOT_TEST_MUTANTS");
    const int n_mutants = wanted == nullptr ? 2000 : std::atoi(wanted);
    Random random(1);
    int n_rendered = 0;
    for (int i = 0; i < n_mutants; ++i) {
        Tokens tokens = originals[below(originals.size(), random)];
        for (std::size_t n = 1 + below(4, random); n > 0; --n) mutate(tokens, random);
        std::string source;
        for (const std::string& token : tokens) source += token;
        const auto begin = std::chrono::steady_clock::now();
        n_rendered += renders(source) ? 1 : 0;
        ASSERT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30)) << source;
    }
    EXPECT_GT(n_rendered, n_mutants / 20);
    EXPECT_LT(n_rendered, n_mutants);
    RecordProperty("rendered", n_rendered);
}

}  // namespace
}  // namespace infinipot
