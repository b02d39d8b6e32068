#include "eval_session.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "commit.h"
#include "eval/run/fingerprint.h"
#include "report/report.h"
#include "terminal/progress_bar.h"
#include "terminal/terminal.h"

namespace infinipot::cli {
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
    return eval::fingerprint(std::to_string(model.file_bytes) + ":" + bytes);
}

void add_provenance(Json& result, const Session& session, const SessionFlags& flags) {
    result["version"] = INFINIPOT_VERSION;
    result["commit"] = INFINIPOT_COMMIT;
    result["model_fingerprint"] = file_fingerprint(session.model().info());
    result["device"] = session.model().info().device;
    result["kernels"] = kernels_word(session.model().info(), flags.model_options);
    result["threads"] = session.options().n_threads;
    result["batch"] = session.options().n_batch;
    result["parallel"] = flags.n_parallel;
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
    result["answer_focus"] = stats.focus;
}

}  // namespace

Json describe_session(const std::string& task, const Session& session, const SessionFlags& flags) {
    const SessionOptions& options = session.options();
    Json settings = {{"task", task},
                     {"model", session.model().info().name},
                     {"file_bytes", session.model().info().file_bytes},
                     {"policy", options.policy->spec()},
                     {"catalyst", flags.catalyst},
                     {"schedule", to_string(*options.schedule)},
                     {"positions", to_string(*options.positions)},
                     {"framing", options.framing == Framing::chat ? "chat" : "raw"},
                     {"budget", budget_json(session.budget())}};
    // Left out where they are as usual, so that results from before there were others keep their
    // ids.
    if (options.kv_type != KvType::f16) settings["kv_type"] = to_string(options.kv_type);
    if (options.focus != 0) settings["focus"] = focus_json(options.focus);
    if (const int window = flags.model_options.sliding_window; window != 0)
        settings["sliding_window"] = window;
    if (const int n = flags.model_options.novelty_vocab; n != 0) settings["novelty_vocab"] = n;
    return settings;
}

std::string file_name(const std::string& path) {
    return std::filesystem::path(path).filename().string();
}

void read_with_progress(Session& session, std::string_view text) {
    ProgressBar bar(text.size(), !is_terminal(stderr));
    const IngestOptions options{.on_progress = [&](const Progress& p) { bar.update(p); }};
    session.ingest(text, options);
    session.flush(options);
}

void add_measurements(Json& result, const Session& session, const SessionFlags& flags) {
    add_stats(result, session.stats());
    add_provenance(result, session, flags);
}

}  // namespace infinipot::cli
