#pragma once

#include <string_view>

namespace infinipot::eval {

/// The algorithm with which fuzzywuzzy computes a ratio. It uses python-Levenshtein if that is
/// installed.
enum class StringMatcher {
    difflib,      ///< Python's difflib: Ratcliff and Obershelp's blocks; LongBench's requirements
    levenshtein,  ///< python-Levenshtein: the longest common subsequence
};

/// Returns the similarity of the prediction's first line of code and the answer, 0 to 1, rounded to
/// whole per cents. That line is the first one without a backtick, "#" or "//", unchanged; empty if
/// there is none. Source: LongBench `code_sim_score`, fuzzywuzzy `fuzz.ratio`.
double code_similarity(std::string_view prediction, std::string_view answer,
                       StringMatcher matcher = StringMatcher::difflib);

}  // namespace infinipot::eval
