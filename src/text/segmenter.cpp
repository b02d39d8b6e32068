#include "text/segmenter.h"

#include <cctype>
#include <utility>

#include "base/utf8.h"

namespace infinipot {

namespace {

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Returns the last place in the second half of a full segment where a space begins a new word. If
/// there is none, returns the last character boundary of the segment.
std::size_t cut_of(std::string_view text) {
    for (std::size_t at = Segmenter::segment_bytes - 1; at > Segmenter::segment_bytes / 2; --at) {
        if (text[at] == ' ' && !is_space(text[at - 1]) && !is_space(text[at + 1])) return at;
    }
    std::size_t at = Segmenter::segment_bytes;
    while (at > Segmenter::segment_bytes - 4 && continues_character(text[at])) --at;
    return at;
}

}  // namespace

std::optional<std::string> Segmenter::next() {
    if (waiting_.size() <= segment_bytes) return std::nullopt;
    const std::size_t cut = cut_of(waiting_);
    std::string segment = waiting_.substr(0, cut);
    waiting_.erase(0, cut);
    return segment;
}

void Segmenter::serialize(StateArchive& archive) {
    archive.text(waiting_, 2 * segment_bytes);
    Utf8Validator validator;
    archive.require(validator.feed(waiting_) && validator.complete());
}

std::string Segmenter::rest() { return std::exchange(waiting_, {}); }

}  // namespace infinipot
