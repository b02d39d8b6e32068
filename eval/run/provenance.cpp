#include "eval/run/provenance.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "commit.h"
#include "eval/run/fingerprint.h"

namespace infinipot::eval {
namespace {

using Json = nlohmann::ordered_json;

std::string file_fingerprint(const ModelInfo& model) {
    constexpr std::uint64_t part = 1 << 20;
    std::ifstream file(model.path, std::ios::binary);
    std::string bytes(std::min(2 * part, model.file_bytes), '\0');
    const auto half = static_cast<std::streamsize>(bytes.size() / 2);
    file.read(bytes.data(), half);
    file.seekg(half - static_cast<std::streamsize>(bytes.size()), std::ios::end);
    file.read(bytes.data() + half, static_cast<std::streamsize>(bytes.size()) - half);
    return fingerprint(std::to_string(model.file_bytes) + ":" + bytes);
}

void add_provenance(Json& result, const Session& session, const Method& method) {
    result["version"] = INFINIPOT_VERSION;
    result["commit"] = INFINIPOT_COMMIT;
    result["model_fingerprint"] = file_fingerprint(session.model().info());
    result["device"] = session.model().info().device;
    result["kernels"] = kernels_word(session.model().info(), method.model_options);
    result["threads"] = session.options().n_threads;
    result["batch"] = session.options().n_batch;
    result["parallel"] = method.n_parallel;
}

void add_stats(Json& result, const Stats& stats) {
    result["tokens_read"] = stats.tokens_read;
    result["tokens_left_out"] = stats.tokens_left_out;
    result["distillations"] = stats.distillations;
    result["prefill_seconds"] = stats.prefill_seconds;
    result["tokens_generated"] = stats.tokens_generated;
    result["decode_seconds"] = stats.decode_seconds;
    result["ttft_seconds"] = stats.ttft_seconds;
    result["pot_bytes"] = stats.pot_bytes;
    result["peak_n_kv"] = stats.peak_n_kv;
    result["answer_focus"] = stats.answer_budget;
}

}  // namespace

Json describe_session(const std::string& task, const Model& model, const ResolvedOptions& options,
                      const Method& method) {
    Json settings = {{"task", task},
                     {"model", model.info().name},
                     {"file_bytes", model.info().file_bytes},
                     {"policy", options.policy->spec()},
                     {"catalyst", method.catalyst},
                     {"schedule", to_string(options.schedule)},
                     {"positions", to_string(options.positions)},
                     {"framing", options.framing == Framing::chat ? "chat" : "raw"},
                     {"budget", budget_json(options.budget)}};
    // Default values are left out, so that results older than a setting keep their ids.
    if (options.kv_type != KvType::f16) settings["kv_type"] = to_string(options.kv_type);
    if (options.answer_budget.rule != AnswerBudget::all)  // ids keep the name of release 0.1
        settings["focus"] = answer_budget_json(options.answer_budget);
    if (const int window = method.model_options.sliding_window; window != 0)
        settings["sliding_window"] = window;
    if (const int n = method.model_options.novelty_vocab; n != 0) settings["novelty_vocab"] = n;
    return settings;
}

std::string word(StopReason reason) {
    switch (reason) {
        case StopReason::end_of_answer:
            return "end_of_answer";
        case StopReason::stop_string:
            return "stop_string";
        case StopReason::max_tokens:
            return "max_tokens";
        case StopReason::pot_full:
            return "pot_full";
    }
    return "";
}

std::string file_name(const std::string& path) {
    return std::filesystem::path(path).filename().string();
}

Json budget_json(const ResolvedBudget& budget) {
    Json json = {{"capacity", budget.capacity},
                 {"retain", budget.retain},
                 {"reserve", budget.reserve},
                 {"protect_first", budget.protect_first},
                 {"protect_recent", budget.protect_recent},
                 {"memory_bytes", budget.memory_bytes},
                 {"beyond_window", budget.beyond_window}};
    if (budget.fill) json["fill"] = true;  // lines of results older than the choice lack it
    return json;
}

Json answer_budget_json(AnswerBudget budget) {
    if (budget.rule == AnswerBudget::automatic) return "automatic";
    return budget.rule == AnswerBudget::all ? 0 : budget.n;
}

void add_measurements(Json& result, const Session& session, const Method& method) {
    add_stats(result, session.stats());
    add_provenance(result, session, method);
}

}  // namespace infinipot::eval
