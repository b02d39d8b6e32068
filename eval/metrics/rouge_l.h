#pragma once

#include <string_view>

namespace infinipot::eval {

/// Returns F of ROUGE-L, 0 to 1, as the Python package `rouge` 1.0.1 computes it. Case matters,
/// sentences end at every ".", and a word counts once however often it occurs. A word matches if it
/// is in a longest common subsequence of any two sentences, one of each text. Precision and recall
/// divide the distinct matching words by the distinct words of each text. Returns 0 if a text has
/// no sentence.
///
/// One deviation: the package walks back along a subsequence recursively. LongBench scores 0 where
/// that exceeds Python's stack, at two sentences of together about a thousand words. Source:
/// LongBench `rouge_score`, `rouge` 1.0.1 `rouge_l_summary_level`.
double rouge_l(std::string_view prediction, std::string_view answer);

}  // namespace infinipot::eval
