#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Text as Python's `str` and `re` treat it: code points, with Unicode's letters, digits and
/// blanks. LongBench's metrics are written in Python. Metrics over bytes or ASCII would differ.
namespace infinipot::eval {

/// Returns the code points of UTF-8. Bytes that are not UTF-8 become U+FFFD.
std::u32string code_points(std::string_view utf8);

bool is_word(char32_t c);   ///< \w
bool is_digit(char32_t c);  ///< \d
bool is_space(char32_t c);  ///< \s

/// str.lower(). A capital sigma has another lower case at the end of a word. One deviation: any
/// letter or digit around it counts as part of the word, not only letters with case.
std::u32string lower(std::u32string_view text);

/// str.split(): returns the words between runs of blanks.
std::vector<std::u32string_view> split(std::u32string_view text);

/// re.findall(r"\d+").
std::vector<std::u32string_view> digit_runs(std::u32string_view text);

/// text.split(separator): returns n + 1 pieces for n separators; some may be empty.
std::vector<std::u32string_view> split_at(std::u32string_view text, char32_t separator);

}  // namespace infinipot::eval
