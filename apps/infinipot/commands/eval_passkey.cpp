#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "commands/commands.h"
#include "eval/passkey/passkey.h"
#include "eval/run/quantity.h"
#include "eval_session.h"
#include "experiment.h"
#include "infinipot/infinipot.h"
#include "options/option_types.h"
#include "options/session_flags.h"
#include "terminal/interrupt.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

using eval::PasskeySettings;
using Json = Experiment::Json;

constexpr const char* examples = R"(Examples:
  infinipot eval passkey --length 4096 --length 8192 --catalyst question --out passkey.jsonl
      hides three keys at three depths of two lengths; killed and started again, it goes on

  infinipot eval passkey --length 1024 --policy full
      what the model can do without forgetting

Lines are appended to --out, one for each key; analysis/needle_table.py makes one table of them all.)";

struct PasskeyRun {
    std::vector<int> lengths;
    std::vector<double> depths = {0.1, 0.5, 0.9};
    int n_keys = 3;
    std::uint32_t seed = 1;
    eval::PasskeyFormat format = eval::PasskeyFormat::landmark;
    std::string out;
    SessionFlags flags;
};

const std::vector<std::pair<std::string, eval::PasskeyFormat>> formats = {
    {"landmark", eval::PasskeyFormat::landmark},
    {"llama.cpp", eval::PasskeyFormat::llama_cpp},
    {"infinitebench", eval::PasskeyFormat::infinite_bench}};

std::string word(eval::PasskeyFormat format) {
    return std::ranges::find(formats, format, [](const auto& each) { return each.second; })->first;
}

Json describe(const PasskeyRun& run, const Session& session, const PasskeySettings& item) {
    Json settings = describe_session("passkey", session, run.flags);
    settings["format"] = word(item.format);
    settings["length"] = item.length;
    settings["depth"] = item.depth;
    settings["key_index"] = item.key_index;
    settings["seed"] = item.seed;
    settings["id"] = eval::to_line(settings);
    return settings;
}

/// The longest answer that is looked at: the key, and a few words before it.
constexpr int answer_tokens = 16;

void retrieve(Session& session, const PasskeySettings& settings, Json& result) {
    const InterruptibleSession interruptible(session);
    const eval::Passkey passkey = eval::make_passkey(settings);
    read_with_progress(session, passkey.text);
    const std::string answer =
        session.ask(passkey.question, {.sampling = {}, .max_tokens = answer_tokens}).text();
    result["key"] = passkey.key;
    result["answer"] = answer;
    result["found"] = eval::found_passkey(answer, passkey.key);
}

std::string name_of(const PasskeySettings& settings) {
    char name[64];
    std::snprintf(name, sizeof name, "length %d, depth %.2f, key %d", settings.length,
                  settings.depth, settings.key_index);
    return name;
}

std::vector<PasskeySettings> grid(const PasskeyRun& run) {
    std::vector<PasskeySettings> all;
    for (const int length : run.lengths)
        for (const double depth : run.depths)
            for (int key = 0; key < run.n_keys; ++key)
                all.push_back({run.format, length, depth, key, run.seed});
    return all;
}

/// A session tells what its automatic values are.
std::vector<ExperimentItem> items_of(const PasskeyRun& run, const Model& model,
                                     const SessionOptions& options) {
    const Session any(model, options);
    std::vector<ExperimentItem> items;
    for (const PasskeySettings& settings : grid(run)) {
        items.push_back({.settings = describe(run, any, settings),
                         .name = name_of(settings),
                         .size = static_cast<double>(settings.length),
                         .measure = [&run, &model, &options, settings](Json& result) {
                             Session session(model, options);
                             retrieve(session, settings, result);
                             add_measurements(result, session, run.flags);
                         }});
    }
    return each_once(std::move(items));
}

/// What is read back from a file of results: see table().
bool is_whole(const Json& result) {
    return result.contains("found") && result["found"].is_boolean();
}

std::string outcome(const Json& result) { return result["found"] ? "found" : "not found"; }

struct Count {
    int found = 0, all = 0, errors = 0;
};

std::string table(const std::vector<ExperimentItem>& items, const Experiment& experiment) {
    std::map<std::pair<int, double>, Count> counts;  // of {length, depth}
    for (const ExperimentItem& item : items) {
        Count& count = counts[{item.settings["length"], item.settings["depth"]}];
        const Json result = experiment.result_of(item);
        count.found += result.value("found", false) ? 1 : 0;
        count.errors += result.contains("error") ? 1 : 0;
        ++count.all;
    }
    std::string text = "  length  depth   found\n";
    for (const auto& [where, count] : counts) {
        char line[64];
        std::snprintf(line, sizeof line, "%8d %6.2f   %d of %d", where.first, where.second,
                      count.found, count.all);
        text += line;
        if (count.errors > 0)
            text += ", " + eval::count_text(static_cast<std::uint64_t>(count.errors), "error");
        text += '\n';
    }
    return text;
}

void run_passkey(const PasskeyRun& run) {
    if (run.lengths.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "there is no --length to test; see infinipot eval passkey --help");
    }
    Experiment experiment(run.out, is_whole);
    const SessionOptions options =
        session_options(run.flags, {std::string(eval::passkey_question)});
    const Model model = load_model(run.flags);
    const std::vector<ExperimentItem> items = items_of(run, model, options);
    experiment.run(items, outcome, run.flags.n_parallel);
    print(table(items, experiment));
}

}  // namespace

Command add_eval_passkey(CLI::App& eval) {
    const auto run = std::make_shared<PasskeyRun>();
    CLI::App& app = *eval.add_subcommand(
        "passkey", "Hides a number in a long text and asks for it (Mohtashami & Jaggi 2023)");
    app.footer(examples);
    add_model_flags(app, run->flags);
    add_counts(app, "--length", run->lengths, 1, "Tokens of the text; again for more lengths");
    add_numbers(app, "--depth", run->depths, 0, 1,
                "Where the key stands, 0 for the start, 1 for the end; again for\nmore depths "
                "[0.1 0.5 0.9]");
    add_count(app, "--keys", run->n_keys, 1, "Keys per length and depth [3]");
    add_count(app, "--key-seed", run->seed, "Seed of the keys [1]");
    add_choice(app, "--format", run->format, formats,
               "landmark: lines of garbage, cut anywhere; llama.cpp: one line;\n"
               "infinitebench: a line for each repetition [landmark]");
    add_experiment_flags(app, run->out, run->flags);
    add_session_flags(app, run->flags);
    return {&app, [run] { run_passkey(*run); }};
}

}  // namespace infinipot::cli
