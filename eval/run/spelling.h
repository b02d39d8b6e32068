#pragma once

#include <nlohmann/json.hpp>

namespace infinipot::eval {

/// Turns the words of an older release into today's: the policy spec (`infinipot:shared=2,...`) and
/// the schedule (`one-by-one`), in the result and in the settings that its "id" holds. "method_id",
/// a fingerprint of settings with these words, is computed again in both. A result of a policy that
/// this release cannot make stays as it is.
void spell_as_today(nlohmann::ordered_json& result);

}  // namespace infinipot::eval
