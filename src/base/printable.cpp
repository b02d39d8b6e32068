#include "base/printable.h"

#include <algorithm>
#include <cstddef>

#include "base/utf8.h"

namespace infinipot {

namespace {

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F;
}

/// Returns whether U+0080 to U+009F, which some terminals obey, begins at a place of `text`.
bool is_c1_control(std::string_view text, std::size_t at) {
    return text[at] == '\xC2' && static_cast<unsigned char>(text[at + 1]) < 0xA0;
}

}  // namespace

std::string printable(std::string_view text) {
    const std::string whole = replace_ill_formed_utf8(text);
    std::string result;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        const bool is_c1 = is_c1_control(whole, at);
        result += is_c1 || is_control(whole[at]) ? '?' : whole[at];
        at += is_c1 ? 1 : 0;
    }
    return result;
}

std::string printable_line(std::string_view text) {
    std::string line = printable(text);
    std::ranges::replace_if(
        line, [](char c) { return c == '\n' || c == '\t'; }, ' ');
    return line;
}

}  // namespace infinipot
