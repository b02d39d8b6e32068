#include "eval/metrics/rouge_1.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>

namespace infinipot::eval {
namespace {

char lower(char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_of_word(char c) { return ('a' <= c && c <= 'z') || ('0' <= c && c <= '9'); }

struct Words {
    std::map<std::string, std::size_t> counts;
    std::size_t n = 0;
};

Words words_of(std::string_view text) {
    Words words;
    std::string word;
    const auto end_word = [&] {
        if (word.empty()) return;
        ++words.counts[word];
        ++words.n;
        word.clear();
    };
    for (const char c : text) {
        if (is_of_word(lower(c))) {
            word += lower(c);
        } else {
            end_word();
        }
    }
    end_word();
    return words;
}

std::size_t n_common(const Words& words, const Words& others) {
    std::size_t n = 0;
    for (const auto& [word, count] : words.counts) {
        const auto at = others.counts.find(word);
        if (at != others.counts.end()) n += std::min(count, at->second);
    }
    return n;
}

}  // namespace

double rouge_1(std::string_view text, std::string_view reference) {
    const Words words = words_of(text), wanted = words_of(reference);
    const std::size_t common = n_common(words, wanted);
    // 2PR / (P + R) with P = common / words and R = common / wanted
    return common == 0
               ? 0
               : 2.0 * static_cast<double>(common) / static_cast<double>(words.n + wanted.n);
}

}  // namespace infinipot::eval
