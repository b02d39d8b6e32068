#pragma once

#include <string_view>

/// Ratios of two strings, 0 to 1: twice the number of matching code points, divided by the code
/// points of both.
namespace infinipot::eval {

/// difflib.SequenceMatcher(None, a, b).ratio() of Python. It takes the longest common block, the
/// earliest in a and then in b, and repeats this to the left and to the right of the block. Blocks
/// grow from code points that are not popular. If b has 200 or more code points, the popular ones
/// are those that make up over 1 % of it.
double matching_blocks_ratio(std::u32string_view a, std::u32string_view b);

/// Levenshtein.ratio() of python-Levenshtein, in which a replacement costs two: the length of the
/// longest common subsequence decides.
double subsequence_ratio(std::u32string_view a, std::u32string_view b);

}  // namespace infinipot::eval
