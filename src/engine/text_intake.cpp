#include "engine/text_intake.h"

#include <utility>

#include "infinipot/error.h"

namespace infinipot {

TextIntake::TextIntake(Tokenize tokenize, std::vector<Token> opening)
    : tokenize_(std::move(tokenize)), opening_(std::move(opening)) {}

void TextIntake::begin_stream() {
    if (std::exchange(begun_, true)) return;
    waiting_ = opening_;
}

void TextIntake::append(std::string_view text) {
    const std::uint64_t n_before = bytes_read();
    const bool valid = validator_.feed(text);
    std::string whole = std::exchange(cut_off_, {}) + std::string(text);
    const std::size_t n_whole = bytes_read() - n_before;
    if (valid) cut_off_ = whole.substr(n_whole);
    whole.resize(n_whole);
    segmenter_.append(whole);
    while (auto segment = segmenter_.next()) add_tokens(*segment);
    if (valid) return;
    throw Error(ErrorCode::bad_text, "the text is not UTF-8 at byte " +
                                         std::to_string(bytes_read()) +
                                         "; convert it first, for instance with iconv");
}

void TextIntake::end_text() {
    if (!cut_off_.empty()) {
        forget_cut_character();
        throw Error(ErrorCode::bad_text, "the text ends inside a UTF-8 character at byte " +
                                             std::to_string(bytes_read()));
    }
    add_tokens(segmenter_.rest());
}

void TextIntake::forget_cut_character() {
    cut_off_.clear();
    validator_.restart();
}

void TextIntake::remove(std::size_t first, std::size_t n) {
    if (n == 0) return;
    const auto begin = waiting_.begin() + static_cast<std::ptrdiff_t>(first);
    waiting_.erase(begin, begin + static_cast<std::ptrdiff_t>(n));
}

std::uint64_t TextIntake::bytes_of_tokens(std::uint64_t n_read, std::size_t n_waiting) const {
    const double tokenized = static_cast<double>(bytes_read() - segmenter_.waiting_bytes());
    const double n = static_cast<double>(n_read);
    return static_cast<std::uint64_t>(tokenized * n / (n + static_cast<double>(n_waiting)));
}

void TextIntake::add_tokens(std::string_view segment) {
    const std::vector<Token> tokens = tokenize_(segment);
    waiting_.insert(waiting_.end(), tokens.begin(), tokens.end());
}

}  // namespace infinipot
