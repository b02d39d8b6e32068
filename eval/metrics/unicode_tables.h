#pragma once

#include <span>

/// Python's classes of code points and their lower case, as tables in ascending order. They serve
/// eval/metrics/python_text.h.
namespace infinipot::eval {

struct CodePoints {
    char32_t first;
    char32_t last;
};

/// The lower case of every step-th code point from first to last lies delta away.
struct LowerCase {
    char32_t first;
    char32_t last;
    int step;
    int delta;
};

extern const std::span<const CodePoints> word_code_points;   ///< \w, with the underscore
extern const std::span<const CodePoints> digit_code_points;  ///< \d
extern const std::span<const CodePoints> space_code_points;  ///< \s, and where split() cuts
extern const std::span<const LowerCase> lower_case;          ///< of all code points except U+0130

}  // namespace infinipot::eval
