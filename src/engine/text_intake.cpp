#include "engine/text_intake.h"

#include <algorithm>
#include <limits>
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

void TextIntake::serialize(StateArchive& archive, int n_vocab) {
    archive.value(begun_);
    std::uint64_t n_bytes = bytes_read();
    archive.value(n_bytes);
    archive.text(cut_off_, 3);
    segmenter_.serialize(archive);
    archive.list(waiting_, std::numeric_limits<std::size_t>::max());
    if (!archive.reads()) return;
    validator_ = Utf8Validator(n_bytes);
    archive.require(validator_.feed(cut_off_) && bytes_read() == n_bytes);
    const auto is_token = [&](Token token) { return 0 <= token && token < n_vocab; };
    archive.require(std::ranges::all_of(waiting_, is_token));
}

std::uint64_t TextIntake::bytes_of_tokens(std::uint64_t n_read, std::size_t n_waiting) const {
    const double tokenized = static_cast<double>(bytes_read() - segmenter_.waiting_bytes());
    const double n = static_cast<double>(n_read);
    return static_cast<std::uint64_t>(tokenized * n / (n + static_cast<double>(n_waiting)));
}

void TextIntake::append_tokens(std::span<const Token> tokens) {
    waiting_.insert(waiting_.end(), tokens.begin(), tokens.end());
}

void TextIntake::add_tokens(std::string_view segment) { append_tokens(tokenize_(segment)); }

}  // namespace infinipot
