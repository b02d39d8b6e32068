#pragma once

#include <nlohmann/json.hpp>

namespace infinipot::eval {

/// Turns a policy spec of an older release, `infinipot:shared=2,...`, into today's spelling, in
/// "policy" and in the settings that "id" holds. "method_id", a fingerprint of settings with that
/// spec, is computed again in both. A result of a policy that this release cannot make stays as it
/// is.
void spell_policy_as_today(nlohmann::ordered_json& result);

}  // namespace infinipot::eval
