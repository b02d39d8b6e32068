#pragma once

#include <string_view>

namespace infinipot::eval {

/// Returns the share of the prediction's numbers that equal the answer digit for digit; 0 if it has
/// no numbers. Source: LongBench `count_score`.
double count_share(std::string_view prediction, std::string_view answer);

}  // namespace infinipot::eval
