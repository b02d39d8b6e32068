#include "eval/metrics/qa_f1.h"

#include <map>
#include <string>

#include "eval/metrics/python_text.h"

namespace infinipot::eval {
namespace {

bool is_punctuation(char32_t c) {
    constexpr std::u32string_view marks = U"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    return marks.find(c) != std::u32string_view::npos;
}

bool is_article(std::u32string_view word) {
    return word == U"a" || word == U"an" || word == U"the";
}

/// re.sub(r"\b(a|an|the)\b", " ", text). \b has another definition of a word than split().
std::u32string without_articles(std::u32string_view text) {
    std::u32string result;
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = begin;
        while (end < text.size() && is_word(text[end])) ++end;
        const std::u32string_view word = text.substr(begin, end - begin);
        if (is_article(word)) {
            result += U' ';
        } else {
            result += word;
        }
        if (end < text.size()) result += text[end];
        begin = end + 1;
    }
    return result;
}

std::u32string normalised(std::string_view text) {
    std::u32string result = lower(code_points(text));
    std::erase_if(result, is_punctuation);
    return without_articles(result);
}

/// Returns the size of the intersection of two multisets of words.
std::size_t n_common(const std::vector<std::u32string_view>& words,
                     const std::vector<std::u32string_view>& others) {
    std::map<std::u32string_view, int> left;
    for (const auto& word : others) ++left[word];
    std::size_t n = 0;
    for (const auto& word : words) {
        const auto at = left.find(word);
        if (at == left.end() || at->second == 0) continue;
        --at->second;
        ++n;
    }
    return n;
}

}  // namespace

double qa_f1(std::string_view prediction, std::string_view answer) {
    const std::u32string predicted_text = normalised(prediction);
    const std::u32string answer_text = normalised(answer);
    const auto predicted = split(predicted_text);
    const auto wanted = split(answer_text);
    const auto same = static_cast<double>(n_common(predicted, wanted));
    if (same == 0) return 0;
    const double precision = same / static_cast<double>(predicted.size());
    const double recall = same / static_cast<double>(wanted.size());
    return (2 * precision * recall) / (precision + recall);
}

}  // namespace infinipot::eval
