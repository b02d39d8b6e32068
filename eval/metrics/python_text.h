#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Text as Python's `str` and `re` see it: code points, with Unicode's letters, digits and blanks.
/// LongBench's metrics are written in Python, and differ from those that see bytes or ASCII.
namespace infinipot::eval {

/// The code points of UTF-8; what is not UTF-8 becomes U+FFFD.
std::u32string code_points(std::string_view utf8);

bool is_word(char32_t c);   ///< \w
bool is_digit(char32_t c);  ///< \d
bool is_space(char32_t c);  ///< \s

/// str.lower(). One deviation: before and behind a capital sigma, whose lower case is another one
/// at the end of a word, any letter or digit counts as part of the word, not letters with case
/// alone.
std::u32string lower(std::u32string_view text);

/// str.split(): the words between runs of blanks.
std::vector<std::u32string_view> split(std::u32string_view text);

/// re.findall(r"\d+").
std::vector<std::u32string_view> digit_runs(std::u32string_view text);

/// text.split(separator): n + 1 pieces for n separators, some of them empty.
std::vector<std::u32string_view> split_at(std::u32string_view text, char32_t separator);

}  // namespace infinipot::eval
