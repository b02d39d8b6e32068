#pragma once

#include <span>

namespace infinipot::eval {

/// Returns the mean of scores from 0 to 1 in per cent, rounded to two decimals as Python's
/// round(mean, 2) does; 0 if there are no scores.
double mean_per_cent(std::span<const double> scores);

}  // namespace infinipot::eval
