#include "base/utf8.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "infinipot/error.h"

namespace infinipot {
namespace {

/// Length of the run of ASCII at the start of `text`, rounded down to whole machine words.
std::size_t ascii_words(std::string_view text) {
    constexpr std::uint64_t high_bits = 0x8080808080808080u;
    std::size_t n = 0;
    for (; n + sizeof(std::uint64_t) <= text.size(); n += sizeof(std::uint64_t)) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + n, sizeof(word));
        if ((word & high_bits) != 0) break;
    }
    return n;
}

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

Utf8Decoder::Step Utf8Decoder::step(unsigned char byte) {
    if (n_missing_ == 0) {
        const int n_marks = std::countl_one(byte);  // bits before the value, and a zero
        value_ = byte & (0xFFu >> (n_marks + 1));
        return lead(byte);
    }
    if (byte < low_ || byte > high_) {
        n_missing_ = 0;
        return Step::ill_formed;
    }
    value_ = value_ << 6 | (byte & 0x3Fu);
    const int n_missing = n_missing_ - 1;
    if (n_missing > 0) return expect(n_missing);
    n_missing_ = 0;
    return Step::complete;
}

Utf8Decoder::Range Utf8Decoder::characters() const {
    if (n_missing_ == 0) return {value_, value_};
    const int n_bits = 6 * (n_missing_ - 1);  // behind the next byte
    return {(value_ << 6 | (low_ & 0x3Fu)) << n_bits,
            (((value_ << 6 | (high_ & 0x3Fu)) + 1) << n_bits) - 1};
}

/// The table of well-formed sequences, Unicode 15 table 3-7.
Utf8Decoder::Step Utf8Decoder::lead(unsigned char byte) {
    if (byte < 0x80) return Step::complete;
    if (byte < 0xC2) return Step::ill_formed;  // a continuation, or an overlong form of ASCII
    if (byte < 0xE0) return expect(1);
    if (byte == 0xE0) return expect(2, 0xA0);        // below: overlong
    if (byte == 0xED) return expect(2, 0x80, 0x9F);  // above: surrogates
    if (byte < 0xF0) return expect(2);
    if (byte == 0xF0) return expect(3, 0x90);  // below: overlong
    if (byte < 0xF4) return expect(3);
    if (byte == 0xF4) return expect(3, 0x80, 0x8F);  // above: beyond U+10FFFF
    return Step::ill_formed;
}

Utf8Decoder::Step Utf8Decoder::expect(int n_missing, unsigned char low, unsigned char high) {
    n_missing_ = n_missing;
    low_ = low;
    high_ = high;
    return Step::incomplete;
}

bool Utf8Validator::feed(std::string_view chunk) {
    std::size_t i = 0;
    while (ok_ && i < chunk.size()) {
        if (decoder_.at_boundary()) {
            const std::size_t n = ascii_words(chunk.substr(i));
            i += n;
            n_bytes_ += n;
            valid_bytes_ = n_bytes_;
            if (i == chunk.size()) break;
        }
        const auto step = decoder_.step(static_cast<unsigned char>(chunk[i++]));
        n_bytes_ += 1;
        if (step == Utf8Decoder::Step::complete) valid_bytes_ = n_bytes_;
        ok_ = step != Utf8Decoder::Step::ill_formed;
    }
    return ok_;
}

void Utf8Validator::restart() {
    decoder_ = {};
    n_bytes_ = valid_bytes_;
    ok_ = true;
}

void require_utf8(std::string_view text, const std::string& name) {
    Utf8Validator validator;
    validator.feed(text);
    if (validator.complete()) return;
    throw Error(ErrorCode::bad_text,
                name + " is not UTF-8 at byte " + std::to_string(validator.valid_bytes()));
}

std::size_t utf8_complete_prefix(std::string_view text) {
    const std::size_t longest_tail = std::min<std::size_t>(3, text.size());
    std::size_t start = text.size();
    for (std::size_t n = 1; n <= longest_tail; ++n) {
        start = text.size() - n;
        if (!is_continuation(text[start])) break;
    }
    Utf8Decoder decoder;
    for (std::size_t i = start; i < text.size(); ++i) {
        const auto step = decoder.step(static_cast<unsigned char>(text[i]));
        if (step == Utf8Decoder::Step::ill_formed) return text.size();
    }
    return decoder.at_boundary() ? text.size() : start;
}

std::string replace_ill_formed_utf8(std::string_view text) {
    constexpr std::string_view replacement = "\xEF\xBF\xBD";
    std::string result;
    result.reserve(text.size());
    Utf8Decoder decoder;
    std::size_t start = 0;  // of the character being read
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto step = decoder.step(static_cast<unsigned char>(text[i]));
        if (step == Utf8Decoder::Step::incomplete) continue;
        if (step == Utf8Decoder::Step::complete) {
            result.append(text.substr(start, i + 1 - start));
            start = i + 1;
            continue;
        }
        result.append(replacement);
        // The byte that broke a character off may begin the next one.
        if (i > start) i -= 1;
        start = i + 1;
    }
    if (start < text.size()) result.append(replacement);
    return result;
}

}  // namespace infinipot
