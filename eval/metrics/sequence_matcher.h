#pragma once

#include <string_view>

/// How much two strings have in common, 0 to 1: twice the matching code points of both's.
namespace infinipot::eval {

/// difflib.SequenceMatcher(None, a, b).ratio() of Python: the longest block that both have, the
/// earliest in a and then in b, and likewise left and right of it. Blocks grow from code points
/// that are not popular: where b has 200 or more, those that make up over 1 % of it are.
double matching_blocks_ratio(std::u32string_view a, std::u32string_view b);

/// Levenshtein.ratio() of python-Levenshtein, where a replacement costs two: the length of the
/// longest common subsequence decides.
double subsequence_ratio(std::u32string_view a, std::u32string_view b);

}  // namespace infinipot::eval
