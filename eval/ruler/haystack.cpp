#include "eval/ruler/haystack.h"

#include <algorithm>
#include <array>

#include "eval/text/json_lines.h"
#include "eval/text/text_file.h"
#include "infinipot/error.h"

namespace infinipot::eval {

const std::string_view noise_line =
    "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.";

namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    std::size_t at = text.find_first_not_of(blanks);
    while (at != std::string_view::npos) {
        const std::size_t end = std::min(text.find_first_of(blanks, at), text.size());
        words.emplace_back(text.substr(at, end - at));
        at = text.find_first_not_of(blanks, end);
    }
    return words;
}

/// Quotation marks and brackets that may stand behind the end of a sentence.
constexpr std::array<std::string_view, 8> closing = {"\"", "'", ")", "]", "_", "*", "”", "’"};

std::string_view without_closing(std::string_view word) {
    for (bool again = true; again;) {
        again = false;
        for (const std::string_view mark : closing) {
            if (!word.ends_with(mark)) continue;
            word.remove_suffix(mark.size());
            again = true;
        }
    }
    return word;
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

/// Returns whether a word is an abbreviation, such as "Mr." or "A.".
bool is_abbreviated(std::string_view word) {
    constexpr std::array<std::string_view, 14> abbreviations = {
        "Mr.",   "Mrs.", "Ms.",  "Messrs.", "Dr.", "St.", "Rev.",
        "Capt.", "Col.", "Gen.", "Prof.",   "No.", "vs.", "e.g."};
    const bool initial = word.size() == 2 && is_upper(word[0]) && word != "I.";
    return initial || std::ranges::find(abbreviations, word) != abbreviations.end();
}

bool ends_sentence(std::string_view word, std::string_view next) {
    if (is_lower(next[0])) return false;
    const std::string_view bare = without_closing(word);
    if (bare.ends_with('!') || bare.ends_with('?')) return true;
    return bare.ends_with('.') && !is_abbreviated(bare);
}

}  // namespace

Haystack::Haystack(std::string_view text) : words_(words_of(text)) {
    for (std::size_t i = 0; i < words_.size(); ++i) {
        ends_sentence_.push_back(ends_sentence(words_[i], words_[(i + 1) % words_.size()]));
    }
}

std::vector<std::string> Haystack::sentences(int n_words) const {
    std::vector<std::string> sentences;
    bool begins = true;
    for (int i = 0; i < n_words; ++i) {
        const std::size_t at = static_cast<std::size_t>(i) % words_.size();
        if (begins) {
            sentences.push_back(words_[at]);
        } else {
            sentences.back() += ' ' + words_[at];
        }
        begins = ends_sentence_[at];
    }
    return sentences;
}

Haystack read_haystack(const std::filesystem::path& path) {
    if (path.extension() != ".json") return Haystack(read_text_file(path));
    const Record essays = read_json_file(path);
    const std::string text = essays.text("text");
    if (text.find_first_not_of(blanks) == std::string::npos) essays.refuse("\"text\" is empty");
    return Haystack(text);
}

}  // namespace infinipot::eval
