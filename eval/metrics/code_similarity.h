#pragma once

#include <string_view>

namespace infinipot::eval {

/// What fuzzywuzzy computes a ratio with: the one of these that is installed.
enum class StringMatcher {
    difflib,  ///< Python's own: blocks found by Ratcliff and Obershelp. LongBench's requirements.
    levenshtein,  ///< python-Levenshtein: the longest common subsequence
};

/// How like the answer the first line of code in the prediction is, in whole per cents, 0 to 1. The
/// line is the first that has no backtick, "#" or "//" in it, as it stands; empty if there is none.
/// Source: LongBench `code_sim_score`, fuzzywuzzy `fuzz.ratio`.
double code_similarity(std::string_view prediction, std::string_view answer,
                       StringMatcher matcher = StringMatcher::difflib);

}  // namespace infinipot::eval
