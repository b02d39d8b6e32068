#pragma once

#include <span>
#include <string>
#include <string_view>

namespace infinipot::eval {

/// What an answer is worth, given the references that occur in it, whatever their case. Control
/// characters of an answer are line breaks.
enum class RulerMetric {
    share_found,  ///< the share of references that occur
    any_found,    ///< 1 if one of them does
};

/// 0 to 1. There is at least one reference. RULER also strips blanks around the answer, which never
/// decides whether a word occurs in it.
double ruler_score(RulerMetric metric, std::string_view answer,
                   std::span<const std::string> references);

}  // namespace infinipot::eval
