#pragma once

#include <nlohmann/json.hpp>

namespace infinipot::eval {

/// Turns a policy spec of an older release, `infinipot:shared=2,...`, into today's spelling, in
/// "policy" and wherever "id" and "method_id" contain it. A result of a policy that this release
/// cannot make stays as it is.
void spell_policy_as_today(nlohmann::ordered_json& result);

}  // namespace infinipot::eval
