#include "eval/ruler/score.h"

#include <algorithm>

#include "eval/metrics/python_text.h"

namespace infinipot::eval {

double ruler_score(RulerMetric metric, std::string_view answer,
                   std::span<const std::string> references) {
    std::u32string text = lower(code_points(answer));
    std::ranges::replace_if(
        text, [](char32_t c) { return c < 0x20; }, U'\n');
    const auto n_found = std::ranges::count_if(references, [&](const std::string& reference) {
        return text.find(lower(code_points(reference))) != std::u32string::npos;
    });
    if (metric == RulerMetric::any_found) return n_found > 0 ? 1 : 0;
    return static_cast<double>(n_found) / static_cast<double>(references.size());
}

}  // namespace infinipot::eval
