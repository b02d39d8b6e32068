#pragma once

#include <string_view>

namespace infinipot::eval {

/// Returns F1 of the words of a prediction and an answer as multisets, 0 to 1. Both are lowercased,
/// ASCII punctuation is deleted, and the words a, an and the become blanks. Blanks separate words.
/// Source: LongBench `qa_f1_score`, after SQuAD.
double qa_f1(std::string_view prediction, std::string_view answer);

}  // namespace infinipot::eval
