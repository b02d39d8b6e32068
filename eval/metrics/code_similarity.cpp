#include "eval/metrics/code_similarity.h"

#include <cmath>
#include <string>

#include "eval/metrics/python_text.h"
#include "eval/metrics/sequence_matcher.h"

namespace infinipot::eval {
namespace {

bool is_code(std::u32string_view line) {
    return line.find_first_of(U"`#") == std::u32string_view::npos &&
           line.find(U"//") == std::u32string_view::npos;
}

/// Returns the first line of code; line breaks at the start are skipped.
std::u32string_view first_line_of_code(std::u32string_view text) {
    const std::size_t begin = text.find_first_not_of(U'\n');
    if (begin == std::u32string_view::npos) return {};
    for (const auto& line : split_at(text.substr(begin), U'\n')) {
        if (is_code(line)) return line;
    }
    return {};
}

/// fuzz.ratio(): per cents, rounded to whole ones, halves to the even one.
double per_cents(std::u32string_view a, std::u32string_view b, StringMatcher matcher) {
    if (a == b) return 100;
    if (a.empty() || b.empty()) return 0;
    const bool difflib = matcher == StringMatcher::difflib;
    return std::nearbyint(100 * (difflib ? matching_blocks_ratio(a, b) : subsequence_ratio(a, b)));
}

}  // namespace

double code_similarity(std::string_view prediction, std::string_view answer,
                       StringMatcher matcher) {
    const std::u32string predicted = code_points(prediction);
    const std::u32string wanted = code_points(answer);
    return per_cents(first_line_of_code(predicted), wanted, matcher) / 100;
}

}  // namespace infinipot::eval
