#pragma once

#include <string_view>

namespace infinipot::eval {

/// F of ROUGE-L as the Python package `rouge` 1.0.1 counts it, 0 to 1: case matters, sentences end
/// at every ".", and words count once, however often they occur. The distinct words that a longest
/// common subsequence of any sentence of one and any of the other has are set against the distinct
/// words of each. 0 where one of them has no sentence.
///
/// One deviation: the package walks back along a subsequence recursively, and LongBench scores 0
/// where Python's stack ends, at two sentences of together about a thousand words.
/// Source: LongBench `rouge_score`, `rouge` 1.0.1 `rouge_l_summary_level`.
double rouge_l(std::string_view prediction, std::string_view answer);

}  // namespace infinipot::eval
