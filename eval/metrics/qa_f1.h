#pragma once

#include <string_view>

namespace infinipot::eval {

/// F1 of the words of a prediction and an answer, 0 to 1, as multisets. Both are lowercased, ASCII
/// punctuation is deleted, the words a, an and the become blanks, and words stand between blanks.
/// Source: LongBench `qa_f1_score`, after SQuAD.
double qa_f1(std::string_view prediction, std::string_view answer);

}  // namespace infinipot::eval
