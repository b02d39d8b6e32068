#include "eval/run/prompt_session.h"

#include "eval/run/provenance.h"

namespace infinipot::eval {
namespace {

using Json = nlohmann::ordered_json;

/// Returns the budget as it was requested, with the resolved capacity and `fill`.
Json asked_json(const Method& method, const ResolvedBudget& resolved) {
    const Budget& asked = method.session.budget;
    const auto or_automatic = [](std::optional<int> n) { return n ? Json(*n) : "automatic"; };
    Json json = budget_json(resolved);
    json["retain"] = or_automatic(asked.retain);
    json["reserve"] = or_automatic(asked.reserve);
    json["protect_first"] = or_automatic(asked.protect_first);
    json["protect_recent"] = or_automatic(asked.protect_recent);
    json["framing"] = method.session.framing == Framing::chat ? "chat" : "raw";
    return json;
}

bool is_query_aware(Schedule schedule, const EvictionPolicy& policy, const Method& method) {
    if (schedule == Schedule::at_end) return true;
    return policy.needs().attention == AttentionProbe::catalyst && method.catalyst == "question";
}

}  // namespace

bool is_query_aware(const SessionOptions& options, const Method& method) {
    const Schedule schedule = options.schedule.value_or(options.policy->schedule());
    return is_query_aware(schedule, *options.policy, method);
}

bool is_query_aware(const ResolvedOptions& options, const Method& method) {
    return is_query_aware(options.schedule, *options.policy, method);
}

std::string mode_of(const ResolvedOptions& options, const Method& method) {
    return is_query_aware(options, method) ? "query-aware" : "query-agnostic";
}

SessionOptions prompt_options(const Method& method, const std::vector<std::string>& questions) {
    SessionOptions options = session_options(method, questions);
    options.separator = "";  // the question is the rest of the prompt, to the letter
    if (method.catalyst != "question") options.catalyst = "\n\n" + options.catalyst;
    return options;
}

Json describe_prompts(const std::string& task, const Method& method, const Model& model) {
    SessionOptions options = prompt_options(method);
    if (!options.budget.reserve) options.budget.reserve = 0;
    const ResolvedOptions resolved = resolve(model, options);
    Json described = describe_session(task, model, resolved, method);
    described.erase("budget");
    described["asked"] = asked_json(method, resolved.budget);
    described["mode"] = mode_of(resolved, method);
    return described;
}

}  // namespace infinipot::eval
