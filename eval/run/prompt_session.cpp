#include "eval/run/prompt_session.h"

#include "eval/run/provenance.h"

namespace infinipot::eval {
namespace {

using Json = nlohmann::ordered_json;

Json asked_json(const Method& method, const Session& session) {
    Budget asked = method.session.budget;
    asked.capacity = session.budget().capacity;
    asked.fill = session.budget().fill;
    Json json = budget_json(asked);
    for (auto& value : json) {
        if (value == Budget::automatic) value = "automatic";
    }
    json["framing"] = method.session.framing == Framing::chat ? "chat" : "raw";
    return json;
}

}  // namespace

bool is_query_aware(const SessionOptions& options, const Method& method) {
    const Schedule schedule = options.schedule.value_or(options.policy->schedule());
    if (schedule == Schedule::at_end) return true;
    return options.policy->needs().attention == AttentionProbe::catalyst &&
           method.catalyst == "question";
}

std::string mode_of(const SessionOptions& options, const Method& method) {
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
    if (options.budget.reserve == Budget::automatic) options.budget.reserve = 0;
    const Session session(model, options);
    Json described = describe_session(task, session, method);
    described.erase("budget");
    described["asked"] = asked_json(method, session);
    described["mode"] = mode_of(session.options(), method);
    return described;
}

}  // namespace infinipot::eval
