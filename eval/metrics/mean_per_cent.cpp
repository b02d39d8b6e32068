#include "eval/metrics/mean_per_cent.h"

#include <cstdio>
#include <cstdlib>
#include <numeric>

namespace infinipot::eval {
namespace {

/// round(value, 2) of Python: the nearest decimal number to the exact binary one.
double rounded(double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.2f", value);
    return std::strtod(text, nullptr);
}

}  // namespace

double mean_per_cent(std::span<const double> scores) {
    if (scores.empty()) return 0;
    const double sum = std::accumulate(scores.begin(), scores.end(), 0.0);
    return rounded(100 * sum / static_cast<double>(scores.size()));
}

}  // namespace infinipot::eval
