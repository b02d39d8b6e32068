#pragma once

#include <span>
#include <string>
#include <string_view>

namespace infinipot::eval {

/// 1 / n if the answer is among the n classes that occur in the prediction, else 0. A class that is
/// part of the answer's name does not count; but the source looks for these in a list that it takes
/// them out of meanwhile, and so misses the one that follows each that it has taken out.
/// Source: LongBench `classification_score`.
double classification(std::string_view prediction, std::string_view answer,
                      std::span<const std::string> all_classes);

}  // namespace infinipot::eval
