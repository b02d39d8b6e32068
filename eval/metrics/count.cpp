#include "eval/metrics/count.h"

#include <algorithm>
#include <string>

#include "eval/metrics/python_text.h"

namespace infinipot::eval {

double count_share(std::string_view prediction, std::string_view answer) {
    const std::u32string predicted = code_points(prediction);
    const std::u32string wanted = code_points(answer);
    const auto numbers = digit_runs(predicted);
    if (numbers.empty()) return 0;
    const auto right = std::ranges::count(numbers, std::u32string_view(wanted));
    return static_cast<double>(right) / static_cast<double>(numbers.size());
}

}  // namespace infinipot::eval
