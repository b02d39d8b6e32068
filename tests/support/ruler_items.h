#pragma once

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "eval/ruler/task.h"

/// Items of RULER made of few words, and what tests look for in them.
namespace infinipot::eval::testing_ruler {

/// A token for every word.
inline int count_words(std::string_view text) {
    std::istringstream words{std::string(text)};
    int n = 0;
    for (std::string word; words >> word;) ++n;
    return n;
}

inline std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++n;
    return n;
}

inline bool has(std::string_view text, std::string_view part) { return count_of(text, part) > 0; }

inline std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

/// Sentences of five words, "Here stands sentence number 7."
inline std::string numbered_sentences(int n) {
    std::string text;
    for (int i = 0; i < n; ++i) text += "Here stands sentence number " + std::to_string(i) + ".\n";
    return text;
}

inline std::vector<std::string> made_words(const std::string& stem, int n) {
    std::vector<std::string> words;
    for (int i = 0; i < n; ++i) words.push_back(stem + std::to_string(i));
    return words;
}

inline RulerData small_data() {
    return {.words = {.adjectives = made_words("adj", 30),
                      .nouns = made_words("noun", 40),
                      .all = made_words("word", 900)},
            .haystack = Haystack(numbered_sentences(100))};
}

inline RulerItem make(const std::string& task, int length = 2000, int index = 0,
                      std::uint32_t seed = 1) {
    return make_ruler_item(ruler_task(task), {length, index, seed}, small_data(), count_words);
}

}  // namespace infinipot::eval::testing_ruler
