#pragma once

#include <span>

/// What Python's `str` knows of code points, as tables in ascending order: see
/// eval/metrics/python_text.h.
namespace infinipot::eval {

struct CodePoints {
    char32_t first;
    char32_t last;
};

/// Every step-th code point from first to last has the lower case that is delta away.
struct LowerCase {
    char32_t first;
    char32_t last;
    int step;
    int delta;
};

extern const std::span<const CodePoints> word_code_points;   ///< \w, with the underscore
extern const std::span<const CodePoints> digit_code_points;  ///< \d
extern const std::span<const CodePoints> space_code_points;  ///< \s, and where split() cuts
extern const std::span<const LowerCase> lower_case;          ///< of all but U+0130

}  // namespace infinipot::eval
