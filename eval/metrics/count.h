#pragma once

#include <string_view>

namespace infinipot::eval {

/// Of all numbers in the prediction the share that is the answer, digit for digit; 0 if there are
/// none. Source: LongBench `count_score`.
double count_share(std::string_view prediction, std::string_view answer);

}  // namespace infinipot::eval
