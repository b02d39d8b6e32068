#pragma once

#include <string_view>

namespace infinipot::eval {

/// Returns ROUGE-1: F1 of the words of a text and a reference as multisets, 0 to 1. Words are runs
/// of ASCII letters and digits, lowercased. Source: rouge_score (Google Research) without its
/// stemmer, which matters only if a word's ending changes.
double rouge_1(std::string_view text, std::string_view reference);

}  // namespace infinipot::eval
