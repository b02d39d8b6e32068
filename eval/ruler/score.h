#pragma once

#include <span>
#include <string>
#include <string_view>

namespace infinipot::eval {

/// The score of an answer, from the references that occur in it, ignoring case. Control characters
/// of the answer count as line breaks.
enum class RulerMetric {
    share_found,  ///< the share of references that occur
    any_found,    ///< 1 if at least one reference occurs
};

/// Returns a score from 0 to 1. There must be at least one reference. RULER also strips blanks
/// around the answer, which never changes whether a word occurs in it.
double ruler_score(RulerMetric metric, std::string_view answer,
                   std::span<const std::string> references);

}  // namespace infinipot::eval
