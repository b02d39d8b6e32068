#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands/commands.h"
#include "eval/instructions/instructions.h"
#include "eval/run/quantity.h"
#include "eval/text/endless_text.h"
#include "eval/text/text_files.h"
#include "eval_session.h"
#include "experiment.h"
#include "infinipot/infinipot.h"
#include "options/option_types.h"
#include "options/session_flags.h"
#include "terminal/interrupt.h"
#include "terminal/output.h"
#include "terminal/progress_bar.h"
#include "terminal/terminal.h"

namespace infinipot::cli {
namespace {

using eval::Instruction;
using Json = Experiment::Json;

constexpr const char* examples = R"(Examples:
  infinipot eval instructions --distillations 0,10,50 --out instructions.jsonl
      five rules, each at the beginning of a book, which is read until the pot has been distilled
      so often; then questions are asked, and a program sees whether the answers obey

  infinipot eval instructions --distillations 50 --protect-first 64 --out instructions.jsonl
      the same where the rule is never evicted

Lines are appended to --out, one for each rule and number of distillations.)";

struct InstructionsRun {
    std::string file = "samples/sherlock-holmes.txt";
    std::vector<int> distillations = {0, 10, 50};
    std::string out;
    SessionFlags flags;
};

constexpr int answer_tokens = 48;
constexpr std::size_t step_tokens = 64;  ///< read between two looks at the pot

/// Reads the rule, and of the text until the pot has been distilled `n` times.
void read_until_distilled(Session& session, const Instruction& rule, const eval::EndlessText& text,
                          int n) {
    ProgressBar bar(std::nullopt, !is_terminal(stderr));
    const IngestOptions options{.on_progress = [&](const Progress& p) { bar.update(p); }};
    session.ingest(eval::opening(rule), options);
    std::size_t at = 0;
    do {
        session.ingest(text.tokens(at, step_tokens), options);
        session.flush(options);
        at += step_tokens;
    } while (session.stats().distillations < static_cast<std::uint64_t>(n));
}

void ask_all(Session& session, const Instruction& rule, Json& result) {
    double n_obeyed = 0;
    for (const std::string_view question : eval::neutral_questions()) {
        const std::string answer =
            session.ask(question, {.sampling = {}, .max_tokens = answer_tokens}).text();
        const bool obeyed = rule.obeyed(answer);
        result["answers"].push_back(answer);
        result["obeyed"].push_back(obeyed);
        n_obeyed += obeyed ? 1 : 0;
    }
    result["score"] = n_obeyed / static_cast<double>(eval::neutral_questions().size());
}

Json describe(const InstructionsRun& run, const Session& session, const Instruction& rule, int n) {
    Json settings = describe_session("instructions", session, run.flags);
    settings["haystack"] = file_name(run.file);
    settings["rule"] = rule.name;
    settings["distillations_wanted"] = n;
    settings["id"] = eval::to_line(settings);
    return settings;
}

void refuse_if_never_distilled(const Session& session) {
    const Schedule schedule = *session.options().schedule;
    if (schedule != Schedule::at_end && schedule != Schedule::before_reading) return;
    throw Error(ErrorCode::invalid_argument, "with schedule " + std::string(to_string(schedule)) +
                                                 " nothing is distilled while the text is read; "
                                                 "choose when-full or one-by-one");
}

std::vector<ExperimentItem> items_of(const InstructionsRun& run, const Model& model,
                                     const SessionOptions& options, const eval::EndlessText& text) {
    const Session any(model, options);  // tells its automatic values
    refuse_if_never_distilled(any);
    std::vector<ExperimentItem> items;
    for (const int n : run.distillations) {
        for (const Instruction& rule : eval::instructions()) {
            items.push_back(
                {.settings = describe(run, any, rule, n),
                 .name = std::string(rule.name) + ", " +
                         eval::count_text(static_cast<std::uint64_t>(n), "distillation"),
                 .size = n + 1.0,
                 .measure = [&, n](Json& result) {
                     Session session(model, options);
                     const InterruptibleSession interruptible(session);
                     read_until_distilled(session, rule, text, n);
                     ask_all(session, rule, result);
                     add_measurements(result, session, run.flags);
                 }});
        }
    }
    return each_once(std::move(items));
}

/// For each number of distillations, how often each rule was obeyed.
std::string table(const std::vector<ExperimentItem>& items, const Experiment& experiment) {
    std::map<int, std::map<std::string, double>> scores;
    for (const ExperimentItem& item : items) {
        const Json result = experiment.result_of(item);
        if (result.contains("error")) continue;
        scores[result["distillations_wanted"]][result["rule"]] = result["score"];
    }
    std::string text = "distillations";
    char cell[32];
    for (const Instruction& rule : eval::instructions()) {
        std::snprintf(cell, sizeof cell, " %9s", std::string(rule.name).c_str());
        text += cell;
    }
    text += "      mean\n";
    for (const auto& [n, of_rule] : scores) {
        std::snprintf(cell, sizeof cell, "%13d", n);
        text += cell;
        double sum = 0;
        for (const Instruction& rule : eval::instructions()) {
            const auto score = of_rule.find(std::string(rule.name));
            std::snprintf(cell, sizeof cell, " %9.2f", score == of_rule.end() ? 0 : score->second);
            text += score == of_rule.end() ? "         -" : cell;
            sum += score == of_rule.end() ? 0 : score->second;
        }
        std::snprintf(cell, sizeof cell, " %9.2f\n", sum / static_cast<double>(of_rule.size()));
        text += cell;
    }
    return text;
}

void run_instructions(const InstructionsRun& run) {
    Experiment experiment(run.out, has_score);
    std::vector<std::string> questions;
    for (const std::string_view question : eval::neutral_questions())
        questions.emplace_back(question);
    SessionOptions options = session_options(run.flags, questions);
    options.budget.fill = false;  // what is counted are distillations of a text without an end
    const Model model = load_model(run.flags);
    const eval::EndlessText text(model, eval::read_all(run.file));
    const std::vector<ExperimentItem> items = items_of(run, model, options, text);
    experiment.run(items, score_text, run.flags.n_parallel);
    print(table(items, experiment));
}

}  // namespace

Command add_eval_instructions(CLI::App& eval) {
    const auto run = std::make_shared<InstructionsRun>();
    CLI::App& app = *eval.add_subcommand(
        "instructions",
        "Sees whether rules given at the start are obeyed after many distillations");
    app.footer(examples);
    add_model_flags(app, run->flags);
    app.add_option("-f,--file", run->file,
                   "Text to read behind the rule, again and again if it is short\n"
                   "[samples/sherlock-holmes.txt]")
        ->type_name("value")
        ->option_text("FILE");
    add_counts(app, "--distillations", run->distillations, 0,
               "How often the pot is distilled before the questions; commas or again\n"
               "for more [0 10 50]");
    add_experiment_flags(app, run->out, run->flags);
    add_session_flags(app, run->flags);
    return {&app, [run] { run_instructions(*run); }};
}

}  // namespace infinipot::cli
