#pragma once

#include <span>

namespace infinipot::eval {

/// The mean of scores from 0 to 1 in per cent, rounded to two decimals as Python's round(mean, 2)
/// does; 0 of no scores.
double mean_per_cent(std::span<const double> scores);

}  // namespace infinipot::eval
