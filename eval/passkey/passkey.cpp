#include "eval/passkey/passkey.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>

namespace infinipot::eval {

const std::string_view passkey_question = "What is the pass key? The pass key is";
const std::string_view passkey_garbage =
    "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.";

namespace {

constexpr std::string_view task =
    "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. "
    "I will quiz you about the important information there.";
constexpr double characters_per_token = 3.75;
constexpr int largest_key = 50000;

/// Returns the first n characters of the endlessly repeated filler.
std::string garbage(std::size_t n) {
    std::string text;
    text.reserve(n + passkey_garbage.size() + 1);
    while (text.size() < n) {
        if (!text.empty()) text += ' ';
        text += passkey_garbage;
    }
    text.resize(n);
    return text;
}

std::size_t n_characters(int n_tokens) {
    return static_cast<std::size_t>(characters_per_token * n_tokens) / 1024 * 1024;
}

using Halves = std::pair<std::string, std::string>;

Halves cut_anywhere(const PasskeySettings& settings) {
    const std::size_t n = n_characters(settings.length);
    const auto before = static_cast<std::size_t>(settings.depth * static_cast<double>(n));
    return {garbage(before), garbage(n - before)};
}

Halves cut_between(const PasskeySettings& settings) {
    const std::size_t unit = passkey_garbage.size() + 1;
    const std::size_t n = n_characters(settings.length) / unit;
    const auto before = static_cast<std::size_t>(settings.depth * static_cast<double>(n));
    const auto units = [&](std::size_t count) {
        return garbage(count == 0 ? 0 : count * unit - 1);
    };
    return {units(before), units(n - before)};
}

/// Cuts the filler between lines. InfiniteBench has 326 lines for 8K tokens, and proportionally
/// more for longer texts.
Halves cut_between_lines(const PasskeySettings& settings) {
    const auto n = static_cast<int>(static_cast<std::int64_t>(settings.length) * 326 / 8192);
    const int before = static_cast<int>(settings.depth * n);
    const auto lines = [](int count) {
        std::string text;
        for (int i = 0; i < count; ++i) text += std::string(passkey_garbage) + '\n';
        return text;
    };
    return {lines(before), lines(n - before)};
}

std::uint32_t random_number(unsigned seed, int index) {
    std::mt19937 random(seed);
    random.discard(static_cast<unsigned long long>(index));
    return static_cast<std::uint32_t>(random());
}

std::string random_key(unsigned seed, int index) {
    return std::to_string(random_number(seed, index) % largest_key + 1);
}

/// Returns a random key; leading zeros are allowed.
std::string five_digits(unsigned seed, int index) {
    const std::string digits = std::to_string(random_number(seed, index) % 100'000);
    return std::string(5 - digits.size(), '0') + digits;
}

Passkey infinite_bench(const PasskeySettings& settings) {
    const std::string key = five_digits(settings.seed, settings.key_index);
    const auto [before, after] = cut_between_lines(settings);
    return {.key = key,
            .text = std::string(task) + "\n\n" + before + passkey_sentences(key) + '\n' + after,
            .question = "\nWhat is the pass key?\nThe pass key is"};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string passkey_sentences(const std::string& key) {
    return "The pass key is " + key + ". Remember it. " + key + " is the pass key.";
}

Passkey make_passkey(const PasskeySettings& settings) {
    if (settings.format == PasskeyFormat::infinite_bench) return infinite_bench(settings);
    const std::string key = random_key(settings.seed, settings.key_index);
    const bool lines = settings.format == PasskeyFormat::landmark;
    const auto [before, after] = lines ? cut_anywhere(settings) : cut_between(settings);
    const char* apart = lines ? "\n" : " ";
    std::string text(task);
    for (const std::string& part : {before, passkey_sentences(key), after}) {
        if (!part.empty()) text += apart + part;
    }
    return {.key = key, .text = text, .question = apart + std::string(passkey_question)};
}

bool found_passkey(std::string_view answer, std::string_view key) {
    const auto begin = std::ranges::find_if(answer, is_digit);
    const auto end = std::find_if_not(begin, answer.end(), is_digit);
    return std::string_view(begin, end) == key;
}

}  // namespace infinipot::eval
