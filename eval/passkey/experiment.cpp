#include "eval/passkey/experiment.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <utility>

#include "eval/run/provenance.h"
#include "eval/run/quantity.h"

namespace infinipot::eval {
namespace {

using Json = Experiment::Json;

constexpr std::pair<std::string_view, PasskeyFormat> formats[] = {
    {"landmark", PasskeyFormat::landmark},
    {"llama.cpp", PasskeyFormat::llama_cpp},
    {"infinitebench", PasskeyFormat::infinite_bench}};

std::string word(PasskeyFormat format) {
    const auto second = [](const auto& each) { return each.second; };
    return std::string(std::ranges::find(formats, format, second)->first);
}

Json describe(const PasskeyRun& run, const Model& model, const ResolvedOptions& options,
              const PasskeySettings& item) {
    Json settings = describe_session("passkey", model, options, run.method);
    settings["format"] = word(item.format);
    settings["length"] = item.length;
    settings["depth"] = item.depth;
    settings["key_index"] = item.key_index;
    settings["seed"] = item.seed;
    settings["id"] = to_line(settings);
    return settings;
}

/// The longest answer: the key, and a few words before it.
constexpr int answer_tokens = 16;

void retrieve(Session& session, const PasskeySettings& settings, Host& host, Json& result) {
    const auto watch = host.watch(session);
    const Passkey passkey = make_passkey(settings);
    read_text(session, passkey.text, host);
    const std::string answer =
        session.ask(passkey.question, {.sampling = {}, .max_tokens = answer_tokens}).text();
    result["key"] = passkey.key;
    result["answer"] = answer;
    result["found"] = found_passkey(answer, passkey.key);
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

struct Count {
    int found = 0, all = 0, errors = 0;
};

std::string line_of(int length, double depth, const Count& count) {
    char line[64];
    std::snprintf(line, sizeof line, "%8d %6.2f   %d of %d", length, depth, count.found, count.all);
    std::string text = line;
    if (count.errors > 0)
        text += ", " + count_text(static_cast<std::uint64_t>(count.errors), "error");
    return text + '\n';
}

}  // namespace

std::span<const std::pair<std::string_view, PasskeyFormat>> passkey_formats() { return formats; }

SessionOptions passkey_options(const PasskeyRun& run) {
    return session_options(run.method, {std::string(passkey_question)});
}

std::vector<ExperimentItem> passkey_items(const PasskeyRun& run, const Model& model, Host& host) {
    const SessionOptions options = passkey_options(run);
    const ResolvedOptions resolved = resolve(model, options);
    std::vector<ExperimentItem> items;
    for (const PasskeySettings& settings : grid(run)) {
        items.push_back({.settings = describe(run, model, resolved, settings),
                         .name = name_of(settings),
                         .size = static_cast<double>(settings.length),
                         .measure = [&run, &model, &host, options, settings](Json& result) {
                             Session session(model, options);
                             retrieve(session, settings, host, result);
                             add_measurements(result, session, run.method);
                         }});
    }
    return each_once(std::move(items));
}

bool is_passkey_result(const Json& result) {
    return result.contains("found") && result["found"].is_boolean();
}

std::string passkey_outcome(const Json& result) { return result["found"] ? "found" : "not found"; }

std::string passkey_table(const std::vector<ExperimentItem>& items, const Experiment& experiment) {
    std::map<std::pair<int, double>, Count> counts;  // of {length, depth}
    for (const ExperimentItem& item : items) {
        Count& count = counts[{item.settings["length"], item.settings["depth"]}];
        const Json result = experiment.result_of(item);
        count.found += result.value("found", false) ? 1 : 0;
        count.errors += result.contains("error") ? 1 : 0;
        ++count.all;
    }
    std::string text = "  length  depth   found\n";
    for (const auto& [where, count] : counts) text += line_of(where.first, where.second, count);
    return text;
}

}  // namespace infinipot::eval
