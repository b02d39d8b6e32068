#pragma once

#include <span>
#include <string>
#include <string_view>

namespace infinipot::eval {

/// Returns 1 / n if the answer is among the n classes that occur in the prediction, else 0. A class
/// whose name is part of the answer's does not count. The source removes such classes from the list
/// while it iterates over it, and so skips the one behind each removed class; this function does
/// too. Source: LongBench `classification_score`.
double classification(std::string_view prediction, std::string_view answer,
                      std::span<const std::string> all_classes);

}  // namespace infinipot::eval
