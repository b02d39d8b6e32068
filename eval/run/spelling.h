#pragma once

#include <nlohmann/json.hpp>

namespace infinipot::eval {

/// Replaces the spellings of an older release by today's: the policy spec
/// (`infinipot:shared=2,...`) and the schedule (`one-by-one`). Both are replaced in the result and
/// in the settings that its "id" holds. "method_id", a fingerprint of such settings, is computed
/// again in both. A result whose policy this release cannot make stays as it is.
void spell_as_today(nlohmann::ordered_json& result);

}  // namespace infinipot::eval
