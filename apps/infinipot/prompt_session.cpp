#include "prompt_session.h"

#include "eval_session.h"
#include "report/report.h"

namespace infinipot::cli {
namespace {

using Json = nlohmann::ordered_json;

Json asked_json(const SessionFlags& flags, const Session& session) {
    Budget asked = flags.session.budget;
    asked.capacity = session.budget().capacity;
    asked.fill = session.budget().fill;
    Json json = budget_json(asked);
    for (auto& value : json) {
        if (value == Budget::automatic) value = "automatic";
    }
    json["framing"] = flags.session.framing == Framing::chat ? "chat" : "raw";
    return json;
}

}  // namespace

bool is_query_aware(const SessionOptions& options, const SessionFlags& flags) {
    const Schedule schedule = options.schedule.value_or(options.policy->schedule());
    if (schedule == Schedule::at_end) return true;
    return options.policy->needs().attention == AttentionProbe::catalyst &&
           flags.catalyst == "question";
}

std::string mode_of(const SessionOptions& options, const SessionFlags& flags) {
    return is_query_aware(options, flags) ? "query-aware" : "query-agnostic";
}

SessionOptions prompt_options(const SessionFlags& flags,
                              const std::vector<std::string>& questions) {
    SessionOptions options = session_options(flags, questions);
    options.separator = "";  // the question is the rest of the prompt, to the letter
    if (flags.catalyst != "question") options.catalyst = "\n\n" + options.catalyst;
    return options;
}

Json describe_prompts(const std::string& task, const SessionFlags& flags, const Model& model) {
    SessionOptions options = prompt_options(flags);
    if (options.budget.reserve == Budget::automatic) options.budget.reserve = 0;
    const Session session(model, options);
    Json method = describe_session(task, session, flags);
    method.erase("budget");
    method["asked"] = asked_json(flags, session);
    method["mode"] = mode_of(session.options(), flags);
    return method;
}

}  // namespace infinipot::cli
