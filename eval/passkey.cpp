#include "eval/passkey.h"

#include <algorithm>
#include <random>
#include <utility>

namespace infinipot::eval {

const std::string_view passkey_question = "What is the pass key? The pass key is";

namespace {

constexpr std::string_view task =
    "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. "
    "I will quiz you about the important information there.";
constexpr std::string_view garbage_sentences =
    "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.";
constexpr double characters_per_token = 3.75;
constexpr int largest_key = 50000;

/// The first n characters of the endless garbage.
std::string garbage(std::size_t n) {
    std::string text;
    text.reserve(n + garbage_sentences.size() + 1);
    while (text.size() < n) {
        if (!text.empty()) text += ' ';
        text += garbage_sentences;
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
    const std::size_t unit = garbage_sentences.size() + 1;
    const std::size_t n = n_characters(settings.length) / unit;
    const auto before = static_cast<std::size_t>(settings.depth * static_cast<double>(n));
    const auto units = [&](std::size_t count) {
        return garbage(count == 0 ? 0 : count * unit - 1);
    };
    return {units(before), units(n - before)};
}

std::string random_key(unsigned seed, int index) {
    std::mt19937 random(seed);
    random.discard(static_cast<unsigned long long>(index));
    return std::to_string(random() % largest_key + 1);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Passkey make_passkey(const PasskeySettings& settings) {
    const std::string key = random_key(settings.seed, settings.key_index);
    const std::string info =
        "The pass key is " + key + ". Remember it. " + key + " is the pass key.";
    const bool lines = settings.format == PasskeyFormat::landmark;
    const auto [before, after] = lines ? cut_anywhere(settings) : cut_between(settings);
    const char* apart = lines ? "\n" : " ";
    std::string text(task);
    for (const std::string& part : {before, info, after}) {
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
