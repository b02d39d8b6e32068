#include "eval/instructions/experiment.h"

#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <utility>

#include "eval/instructions/instructions.h"
#include "eval/run/provenance.h"
#include "eval/run/quantity.h"

namespace infinipot::eval {
namespace {

using Json = Experiment::Json;

constexpr int answer_tokens = 48;
constexpr std::size_t step_tokens = 64;  ///< tokens between two looks at the KV cache

/// Reads the rule, and then the text until the engine has distilled `n` times.
void read_until_distilled(Session& session, const Instruction& rule, const EndlessText& text, int n,
                          Host& host) {
    const IngestOptions options{.on_progress = host.begin_reading(std::nullopt)};
    session.ingest(opening(rule), options);
    std::size_t at = 0;
    do {
        session.ingest(text.tokens(at, step_tokens), options);
        session.flush(options);
        at += step_tokens;
    } while (session.stats().distillations < static_cast<std::uint64_t>(n));
}

void ask_all(Session& session, const Instruction& rule, Json& result) {
    double n_obeyed = 0;
    for (const std::string_view question : neutral_questions()) {
        const std::string answer =
            session.ask(question, {.sampling = {}, .max_tokens = answer_tokens}).text();
        const bool obeyed = rule.obeyed(answer);
        result["answers"].push_back(answer);
        result["obeyed"].push_back(obeyed);
        n_obeyed += obeyed ? 1 : 0;
    }
    result["score"] = n_obeyed / static_cast<double>(neutral_questions().size());
}

Json describe(const InstructionsRun& run, const Model& model, const ResolvedOptions& options,
              const Instruction& rule, int n) {
    Json settings = describe_session("instructions", model, options, run.method);
    settings["haystack"] = file_name(run.file);
    settings["rule"] = rule.name;
    settings["distillations_wanted"] = n;
    settings["id"] = to_line(settings);
    return settings;
}

void refuse_if_never_distilled(Schedule schedule) {
    if (schedule != Schedule::at_end && schedule != Schedule::before_reading) return;
    throw Error(ErrorCode::invalid_argument, "with schedule " + std::string(to_string(schedule)) +
                                                 " nothing is distilled while the text is read; "
                                                 "choose when-full or per-token");
}

using RuleScores = std::map<std::string, double>;

std::string heading() {
    std::string text = "distillations";
    for (const Instruction& rule : instructions()) {
        char cell[32];
        std::snprintf(cell, sizeof cell, " %9s", std::string(rule.name).c_str());
        text += cell;
    }
    return text + "      mean\n";
}

std::string line_of(int n, const RuleScores& of_rule) {
    char cell[32];
    std::snprintf(cell, sizeof cell, "%13d", n);
    std::string text = cell;
    double sum = 0;
    for (const Instruction& rule : instructions()) {
        const auto score = of_rule.find(std::string(rule.name));
        const double value = score == of_rule.end() ? 0 : score->second;
        std::snprintf(cell, sizeof cell, " %9.2f", value);
        text += score == of_rule.end() ? "         -" : cell;
        sum += value;
    }
    std::snprintf(cell, sizeof cell, " %9.2f\n", sum / static_cast<double>(of_rule.size()));
    return text + cell;
}

}  // namespace

SessionOptions instructions_options(const InstructionsRun& run) {
    const auto asked = neutral_questions();
    SessionOptions options = session_options(run.method, {asked.begin(), asked.end()});
    options.budget.fill = false;  // the text has no end that should be distilled differently
    return options;
}

std::vector<ExperimentItem> instructions_items(const InstructionsRun& run, const Model& model,
                                               const EndlessText& text, Host& host) {
    const SessionOptions options = instructions_options(run);
    const ResolvedOptions resolved = resolve(model, options);
    refuse_if_never_distilled(resolved.schedule);
    std::vector<ExperimentItem> items;
    for (const int n : run.distillations) {
        for (const Instruction& rule : instructions()) {
            items.push_back({.settings = describe(run, model, resolved, rule, n),
                             .name = std::string(rule.name) + ", " +
                                     count_text(static_cast<std::uint64_t>(n), "distillation"),
                             .size = n + 1.0,
                             .measure = [&, options, n](Json& result) {
                                 Session session(model, options);
                                 const auto watch = host.watch(session);
                                 read_until_distilled(session, rule, text, n, host);
                                 ask_all(session, rule, result);
                                 add_measurements(result, session, run.method);
                             }});
        }
    }
    return each_once(std::move(items));
}

std::string instructions_table(const std::vector<ExperimentItem>& items,
                               const Experiment& experiment) {
    std::map<int, RuleScores> scores;
    for (const ExperimentItem& item : items) {
        const Json result = experiment.result_of(item);
        if (result.contains("error")) continue;
        scores[result["distillations_wanted"]][result["rule"]] = result["score"];
    }
    std::string text = heading();
    for (const auto& [n, of_rule] : scores) text += line_of(n, of_rule);
    return text;
}

}  // namespace infinipot::eval
