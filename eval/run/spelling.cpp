#include "eval/run/spelling.h"

#include <optional>
#include <string>

#include "eval/run/fingerprint.h"
#include "eval/run/results.h"
#include "infinipot/error.h"
#include "infinipot/policies.h"

namespace infinipot::eval {
namespace {

using Json = nlohmann::ordered_json;

std::optional<std::string> todays_spec(const std::string& spec) {
    try {
        return make_policy(spec)->spec();
    } catch (const Error&) {
        return {};
    }
}

/// Returns the members that longbench and ruler wrote before "method_id".
Json described_before_method_id(const Json& settings) {
    Json described = Json::object();
    for (const auto& [key, value] : settings.items()) {
        if (key == "method_id") break;
        described[key] = value;
    }
    return described;
}

/// Replaces the schedule one-by-one of release 0.1 by per-token.
void respell_schedule(Json& settings) {
    if (settings.value("schedule", Json()) == "one-by-one") settings["schedule"] = "per-token";
}

/// Returns the method_id of the settings in today's spelling, with this policy. Returns nothing if
/// their present method_id is not the fingerprint of their method: an item's framing may differ
/// from its method's.
std::optional<std::string> method_id_with(const std::string& policy, const Json& settings) {
    Json described = described_before_method_id(settings);
    const Json framing = described.value("framing", Json());
    for (const Json& of_method : {framing, Json("chat"), Json("raw")}) {
        if (!framing.is_null()) described["framing"] = of_method;
        if (fingerprint(to_line(described)) != settings["method_id"]) continue;
        described["policy"] = policy;
        respell_schedule(described);
        return fingerprint(to_line(described));
    }
    return {};
}

/// Replaces the spellings in the settings of an item.
/// @param settings parsed from its "id"
void respell(Json& settings, const std::string& policy) {
    if (settings.contains("method_id")) {
        const auto id = method_id_with(policy, settings);
        if (id) settings["method_id"] = *id;
    }
    settings["policy"] = policy;
    respell_schedule(settings);
}

}  // namespace

void spell_as_today(nlohmann::ordered_json& result) {
    if (!result.is_object() || !result.contains("policy") || !result["policy"].is_string()) return;
    const auto today = todays_spec(result["policy"]);
    const bool old_schedule = result.value("schedule", Json()) == "one-by-one";
    if (!today || (*today == result["policy"] && !old_schedule)) return;
    if (result.contains("id") && result["id"].is_string()) {
        Json settings = Json::parse(result["id"].get<std::string>(), nullptr, false);
        if (settings.is_object() && settings.value("policy", "") == result["policy"]) {
            respell(settings, *today);
            result["id"] = to_line(settings);
        }
    }
    respell(result, *today);
}

}  // namespace infinipot::eval
