#include "eval_session.h"

#include "report.h"

namespace infinipot::cli {

nlohmann::ordered_json describe_session(const std::string& task, const Session& session,
                                        const SessionFlags& flags) {
    const SessionOptions& options = session.options();
    nlohmann::ordered_json settings = {
        {"task", task},
        {"model", session.model().info().name},
        {"file_bytes", session.model().info().file_bytes},
        {"policy", options.policy->spec()},
        {"catalyst", flags.catalyst},
        {"schedule", to_string(*options.schedule)},
        {"positions", to_string(*options.positions)},
        {"framing", options.framing == Framing::chat ? "chat" : "raw"},
        {"budget", budget_json(session.budget())}};
    // Left out where it is f16, so that results from before there were others keep their ids.
    if (options.kv_type != KvType::f16) settings["kv_type"] = to_string(options.kv_type);
    return settings;
}

void add_stats(nlohmann::ordered_json& result, const Stats& stats) {
    result["tokens_read"] = stats.tokens_read;
    result["tokens_left_out"] = stats.tokens_left_out;
    result["distillations"] = stats.distillations;
    result["prefill_seconds"] = stats.prefill_seconds;
    result["tokens_generated"] = stats.tokens_generated;
    result["decode_seconds"] = stats.decode_seconds;
    result["pot_bytes"] = stats.pot_bytes;
    result["peak_n_kv"] = stats.peak_n_kv;
}

}  // namespace infinipot::cli
