#include "eval/metrics/python_text.h"

#include <algorithm>

#include "base/utf8.h"
#include "eval/metrics/unicode_tables.h"

namespace infinipot::eval {
namespace {

constexpr char32_t capital_i_with_dot = U'\u0130';
constexpr char32_t capital_sigma = U'\u03A3';
constexpr char32_t small_sigma = U'\u03C3';
constexpr char32_t final_sigma = U'\u03C2';

/// Returns the last range that begins at or before c; nullptr if there is none.
template <typename Range>
const Range* range_before(std::span<const Range> ranges, char32_t c) {
    const auto after = std::ranges::upper_bound(ranges, c, {}, &Range::first);
    return after == ranges.begin() ? nullptr : &*std::prev(after);
}

bool contains(std::span<const CodePoints> ranges, char32_t c) {
    const CodePoints* range = range_before(ranges, c);
    return range != nullptr && c <= range->last;
}

char32_t lower(char32_t c) {
    const LowerCase* range = range_before(lower_case, c);
    if (range == nullptr || c > range->last) return c;
    if ((c - range->first) % static_cast<char32_t>(range->step) != 0) return c;
    return static_cast<char32_t>(static_cast<int>(c) + range->delta);
}

char32_t lower_sigma(std::u32string_view text, std::size_t at) {
    const bool letter_before = at > 0 && is_word(text[at - 1]);
    const bool letter_after = at + 1 < text.size() && is_word(text[at + 1]);
    return letter_before && !letter_after ? final_sigma : small_sigma;
}

/// Returns the code point of one well-formed character.
char32_t decode(std::string_view character) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
    constexpr unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    char32_t c = byte(0) & lead_bits[character.size()];
    for (std::size_t i = 1; i < character.size(); ++i) c = c << 6 | (byte(i) & 0x3F);
    return c;
}

/// Returns the runs of code points for which `holds` returns true.
template <typename Holds>
std::vector<std::u32string_view> runs(std::u32string_view text, Holds holds) {
    std::vector<std::u32string_view> found;
    for (std::size_t begin = 0; begin < text.size();) {
        std::size_t end = begin;
        while (end < text.size() && holds(text[end])) ++end;
        if (end > begin) found.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return found;
}

}  // namespace

std::u32string code_points(std::string_view utf8) {
    const std::string text = replace_ill_formed_utf8(utf8);
    std::u32string result;
    result.reserve(text.size());
    Utf8Decoder decoder;
    for (std::size_t begin = 0, i = 0; i < text.size(); ++i) {
        if (decoder.step(static_cast<unsigned char>(text[i])) != Utf8Decoder::Step::complete) {
            continue;
        }
        result += decode(std::string_view(text).substr(begin, i + 1 - begin));
        begin = i + 1;
    }
    return result;
}

bool is_word(char32_t c) { return contains(word_code_points, c); }
bool is_digit(char32_t c) { return contains(digit_code_points, c); }
bool is_space(char32_t c) { return contains(space_code_points, c); }

std::u32string lower(std::u32string_view text) {
    std::u32string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == capital_i_with_dot) {
            result += U"i\u0307";
        } else {
            result += text[i] == capital_sigma ? lower_sigma(text, i) : lower(text[i]);
        }
    }
    return result;
}

std::vector<std::u32string_view> split(std::u32string_view text) {
    return runs(text, [](char32_t c) { return !is_space(c); });
}

std::vector<std::u32string_view> digit_runs(std::u32string_view text) {
    return runs(text, is_digit);
}

std::vector<std::u32string_view> split_at(std::u32string_view text, char32_t separator) {
    std::vector<std::u32string_view> pieces;
    for (std::size_t begin = 0;;) {
        const std::size_t end = text.find(separator, begin);
        pieces.push_back(text.substr(begin, end - begin));
        if (end == std::u32string_view::npos) return pieces;
        begin = end + 1;
    }
}

}  // namespace infinipot::eval
