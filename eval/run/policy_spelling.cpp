#include "eval/run/policy_spelling.h"

#include <optional>
#include <string>

#include "infinipot/error.h"
#include "infinipot/policies.h"

namespace infinipot::eval {
namespace {

std::optional<std::string> todays_spec(const std::string& spec) {
    try {
        return make_policy(spec)->spec();
    } catch (const Error&) {
        return {};
    }
}

}  // namespace

void spell_policy_as_today(nlohmann::ordered_json& result) {
    if (!result.is_object() || !result.contains("policy") || !result["policy"].is_string()) return;
    const std::string old = result["policy"];
    const auto today = todays_spec(old);
    if (!today || *today == old) return;
    result["policy"] = *today;
    for (const char* key : {"id", "method_id"}) {
        if (!result.contains(key) || !result[key].is_string()) continue;
        std::string text = result[key];
        const std::size_t at = text.find(old);
        if (at != std::string::npos) result[key] = text.replace(at, old.size(), *today);
    }
}

}  // namespace infinipot::eval
