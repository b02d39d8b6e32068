#include "utf8.h"

namespace infinipot::cli {
namespace {

std::size_t length_after_lead(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead < 0xC2) return 0;  // a continuation byte, or an overlong form
    if (lead < 0xE0) return 2;
    if (lead < 0xF0) return 3;
    return lead < 0xF5 ? 4 : 0;
}

/// The second byte rules out overlong forms, surrogates and what lies above U+10FFFF.
bool may_follow(unsigned char lead, unsigned char second) {
    if (lead == 0xE0) return second >= 0xA0;
    if (lead == 0xED) return second <= 0x9F;
    if (lead == 0xF0) return second >= 0x90;
    if (lead == 0xF4) return second <= 0x8F;
    return true;
}

bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

/// Bytes of the character at the start of `text`; 0 if it is ill-formed or cut off.
std::size_t character_length(std::string_view text) {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t length = length_after_lead(byte(0));
    if (length == 0 || length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(byte(i))) return 0;
    }
    return length == 1 || may_follow(byte(0), byte(1)) ? length : 0;
}

}  // namespace

std::size_t valid_utf8_prefix(std::string_view text) {
    std::size_t valid = 0;
    while (valid < text.size()) {
        const std::size_t length = character_length(text.substr(valid));
        if (length == 0) break;
        valid += length;
    }
    return valid;
}

}  // namespace infinipot::cli
