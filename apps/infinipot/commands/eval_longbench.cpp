#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "commands/commands.h"
#include "eval/longbench/data.h"
#include "eval/run/fingerprint.h"
#include "eval/run/quantity.h"
#include "eval_session.h"
#include "experiment.h"
#include "infinipot/infinipot.h"
#include "options/option_types.h"
#include "options/session_flags.h"
#include "prompt_session.h"
#include "report/report.h"
#include "terminal/interrupt.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

using eval::LongBenchItem;
using eval::LongBenchTask;
using eval::Metric;
using eval::Prompt;
using Json = Experiment::Json;

constexpr const char* examples = R"(Examples:
  infinipot eval longbench --data longbench --tasks qasper,trec --limit 20 --out longbench.jsonl
      twenty items of two tasks; killed and started again, it goes on

  infinipot eval longbench --data longbench --catalyst question --out longbench.jsonl
      all tasks, each text read for its own question (query-aware)

  infinipot eval longbench --data longbench --policy full --max-length 3500 --out longbench.jsonl
      as other people's tables have it: nothing is evicted, long prompts lose their middle

FOLDER is a folder of LongBench v1: config/dataset2prompt.json, config/dataset2maxlen.json and
data/TASK.jsonl. A prompt is read up to the end of its context, and what follows is asked. Answers
are greedy, and scored as LongBench does. A line for each item is appended to --out; one that does
not fit the pot has an error instead of a score, and is not run again either: delete its line for
that. analysis/longbench_table.py makes one table of many methods, infinipot eval compare compares
two.)";

struct LongBenchRun {
    std::string data;
    std::vector<std::string> tasks;
    int limit = 0;  ///< items of a task; 0: all
    std::uint32_t seed = 1;
    int max_length = 0;  ///< tokens of a prompt; 0: any number, or what the policy leaves of it
    std::string out;
    SessionFlags flags;
};

/// One prompt to be answered.
struct Item {
    const LongBenchTask* task;
    int max_tokens;
    LongBenchItem data;
    Json settings;  ///< all that decide the result, and the id made of them
};

// --- What decides a result
// ------------------------------------------------------------------------

/// What is the same for all items: see method_id.
Json describe_method(const LongBenchRun& run, const Model& model) {
    Json method = describe_prompts("longbench", run.flags, model);
    method["max_length"] = run.max_length;
    method["method_id"] = eval::fingerprint(eval::to_line(method));
    return method;
}

Framing framing_of(const LongBenchTask& task, const SessionFlags& flags) {
    return task.in_chat ? flags.session.framing : Framing::raw;
}

Json describe(const Json& method, const Item& item, const SessionFlags& flags) {
    const Prompt& prompt = item.data.prompt;
    Json settings = method;
    settings["framing"] = framing_of(*item.task, flags) == Framing::chat ? "chat" : "raw";
    settings["dataset"] = item.task->name;
    settings["item"] = item.data.id;
    settings["prompt"] = eval::fingerprint(prompt.text + prompt.question);
    settings["max_tokens"] = item.max_tokens;
    settings["id"] = eval::to_line(settings);
    return settings;
}

std::vector<const LongBenchTask*> tasks_of(const LongBenchRun& run) {
    if (run.tasks.empty()) return eval::longbench_tasks_in(run.data);
    std::vector<const LongBenchTask*> tasks;
    for (const std::string& name : run.tasks) {
        const LongBenchTask* task = &eval::longbench_task(name);
        if (std::ranges::find(tasks, task) == tasks.end()) tasks.push_back(task);
    }
    return tasks;
}

std::vector<Item> items_of(const LongBenchRun& run) {
    std::vector<Item> items;
    for (const LongBenchTask* task : tasks_of(run)) {
        eval::LongBenchData data = eval::read_longbench(run.data, *task);
        const auto n = run.limit == 0 ? data.items.size() : static_cast<std::size_t>(run.limit);
        for (LongBenchItem& item : eval::sample(std::move(data.items), n, run.seed)) {
            items.push_back({task, data.max_tokens, std::move(item), {}});
        }
    }
    return items;
}

void describe_all(std::vector<Item>& items, const LongBenchRun& run, const Model& model) {
    const Json method = describe_method(run, model);
    for (Item& item : items) item.settings = describe(method, item, run.flags);
}

// --- From an item to an answer
// --------------------------------------------------------------------

/// An item as its session meets it.
struct Task {
    Prompt prompt;
    int n_question_tokens = 0;
    int n_cut = 0;  ///< tokens that LongBench's truncation took from the middle
    SessionOptions session;
    GenerateOptions generate;
};

/// Of the pot, the most that a question may take; what stands before that is read like the context.
constexpr int question_share = 4;

/// Tokens of the prompt; 0 for any number. Where the policy reads the two ends of a text, they are
/// those of the whole prompt, as LongBench has it, and as long as the pot allows.
int longest_prompt(const LongBenchRun& run, const Item& item, const Model& model,
                   const SessionOptions& options) {
    const bool truncates = options.policy->schedule() == Schedule::before_reading;
    if (run.max_length > 0 || !truncates) return run.max_length;
    const bool chat = options.framing == Framing::chat;
    const ModelInfo& info = model.info();
    const int n_frame = chat ? info.n_chat_opening + info.n_chat_closing : 0;
    const int longest = item.settings["asked"]["capacity"].get<int>() - n_frame - item.max_tokens;
    if (longest >= 16) return longest;
    throw Error(ErrorCode::does_not_fit, "an answer of " +
                                             eval::count_text(item.max_tokens, "token") +
                                             " leaves no room for a prompt; raise the capacity");
}

GenerateOptions generate_options(const Item& item, const Model& model) {
    GenerateOptions options{.sampling = {}, .max_tokens = item.max_tokens};
    const std::vector<Token> line_break = model.tokenize("\n");
    if (item.task->ends_at_break && !line_break.empty()) {
        options.min_tokens = 1;
        options.stop_tokens = {line_break.back()};
    }
    return options;
}

/// Room for the question and for the longest answer, unless another reserve was asked for.
int reserve_for(const Task& task, const ModelInfo& model) {
    const bool chat = task.session.framing == Framing::chat;
    return task.n_question_tokens + (chat ? model.n_chat_closing : 0) + task.generate.max_tokens;
}

Task prepare(const LongBenchRun& run, const Item& item, const Model& model) {
    Task task;
    SessionOptions options = prompt_options(run.flags);
    options.framing = framing_of(*item.task, run.flags);
    task.prompt = item.data.prompt;
    if (const int longest = longest_prompt(run, item, model, options); longest > 0) {
        const int n_tokens = eval::n_prompt_tokens(model, task.prompt);
        task.n_cut = n_tokens > longest ? n_tokens - longest / 2 * 2 : 0;
        task.prompt = eval::cut_middle(model, task.prompt, longest);
    }
    const int capacity = item.settings["asked"]["capacity"];
    task.prompt =
        eval::shorten_question(model, task.prompt, std::max(1, capacity / question_share));
    task.n_question_tokens = static_cast<int>(model.tokenize(task.prompt.question).size());
    task.generate = generate_options(item, model);
    task.session = prompt_options(run.flags, {task.prompt.question});
    task.session.framing = options.framing;
    task.session.budget.capacity = capacity;
    if (task.session.budget.reserve == Budget::automatic) {
        task.session.budget.reserve = reserve_for(task, model.info());
    }
    return task;
}

void read_and_ask(Session& session, const Task& task, Json& result) {
    read_with_progress(session, task.prompt.text);
    Generation answer = session.ask(task.prompt.question, task.generate);
    result["pred"] = answer.text();
    result["stop_reason"] = word(answer.stop_reason());
}

void add_scores(Json& result, const Item& item) {
    const std::string& prediction = result["pred"].get_ref<const std::string&>();
    const auto score = [&](eval::StringMatcher matcher) {
        return eval::longbench_score(*item.task, prediction, item.data.answers,
                                     item.data.all_classes, matcher);
    };
    const double by_difflib = score(eval::StringMatcher::difflib);
    if (item.task->metric == Metric::code_similarity) {
        const double by_levenshtein = score(eval::StringMatcher::levenshtein);
        result["score_levenshtein"] = by_levenshtein;
    }
    result["score"] = by_difflib;
}

void answer(const LongBenchRun& run, const Item& item, const Model& model, Json& result) {
    result["length"] = item.data.length;
    result["limit"] = run.limit;
    result["seed"] = run.seed;
    const Task task = prepare(run, item, model);
    result["tokens_cut"] = task.n_cut;
    result["question_tokens"] = task.n_question_tokens;
    Session session(model, task.session);
    const InterruptibleSession interruptible(session);
    result["budget"] = budget_json(session.budget());
    read_and_ask(session, task, result);
    add_scores(result, item);
    add_measurements(result, session, run.flags);
}

// --- All items
// ------------------------------------------------------------------------------------

ExperimentItem to_measure(const LongBenchRun& run, const Item& item, const Model& model) {
    const Prompt& prompt = item.data.prompt;
    return {.settings = item.settings,
            .name = std::string(item.task->name) + " " + item.data.id,
            .size = static_cast<double>(prompt.text.size() + prompt.question.size()),
            .measure = [&run, &item, &model](Json& result) { answer(run, item, model, result); }};
}

std::vector<ExperimentItem> to_measure(const LongBenchRun& run, const std::vector<Item>& items,
                                       const Model& model) {
    std::vector<ExperimentItem> all;
    for (const Item& item : items) all.push_back(to_measure(run, item, model));
    return each_once(std::move(all));
}

struct TaskScore {
    std::vector<double> scores;  ///< of its items
    std::size_t n_errors = 0;
};

std::map<const LongBenchTask*, TaskScore> scores_of(const std::vector<ExperimentItem>& items,
                                                    const Experiment& experiment) {
    std::map<const LongBenchTask*, TaskScore> of_task;
    for (const ExperimentItem& item : items) {
        TaskScore& task =
            of_task[&eval::longbench_task(item.settings["dataset"].get<std::string>())];
        const Json result = experiment.result_of(item);
        if (result.contains("score")) {
            task.scores.push_back(result["score"]);
        } else {
            ++task.n_errors;
        }
    }
    return of_task;
}

/// Scores of the tasks, in the order of papers, and their mean. Items with errors have no score.
std::string table(const std::vector<ExperimentItem>& items, const Experiment& experiment) {
    std::string text = "task                  items  errors   score\n";
    double sum = 0;
    int n_scored = 0;
    for (const auto& [task, score] : scores_of(items, experiment)) {  // tasks stand in one array
        char line[96];
        std::snprintf(line, sizeof line, "%-20s %6zu %7zu ", std::string(task->name).c_str(),
                      score.scores.size() + score.n_errors, score.n_errors);
        text += line;
        if (!score.scores.empty()) {
            const double task_score = eval::longbench_task_score(score.scores);
            std::snprintf(line, sizeof line, "%7.2f", task_score);
            text += line;
            sum += task_score;
            ++n_scored;
        }
        text += '\n';
    }
    if (n_scored > 1) {
        char line[96];
        std::snprintf(line, sizeof line, "%-36s%7.2f\n", "average", sum / n_scored);
        text += line;
    }
    return text;
}

void check(const LongBenchRun& run) {
    if (!run.data.empty()) return;
    throw Error(ErrorCode::invalid_argument,
                "there is no --data, a folder of LongBench; see infinipot eval longbench --help");
}

void run_longbench(const LongBenchRun& run) {
    check(run);
    Experiment experiment(run.out, has_score);
    std::vector<Item> prompts = items_of(run);
    prompt_options(run.flags);  // refuses a misspelt policy before the model is loaded
    const Model model = load_model(run.flags);
    describe_all(prompts, run, model);
    const std::vector<ExperimentItem> items = to_measure(run, prompts, model);
    experiment.run(items, score_text, run.flags.n_parallel);
    print(table(items, experiment));
}

}  // namespace

Command add_eval_longbench(CLI::App& eval) {
    const auto run = std::make_shared<LongBenchRun>();
    CLI::App& app = *eval.add_subcommand(
        "longbench", "Answers the prompts of LongBench and scores the answers (Bai et al. 2024)");
    app.footer(examples);
    add_model_flags(app, run->flags);
    app.add_option("--data", run->data, "Folder of LongBench's data")
        ->type_name("value")
        ->option_text("FOLDER");
    app.add_option("--tasks", run->tasks, "Names, with commas between [all whose data is there]")
        ->delimiter(',')
        ->type_name("value")
        ->option_text("TASK,...");
    add_count(app, "--limit", run->limit, 1,
              "So many items of each task, the same for every method [all]");
    add_count(app, "--seed", run->seed, "Which items these are [1]");
    add_count(
        app, "--max-length", run->max_length, 16,
        "Tokens of a prompt; a longer one loses its middle, as LongBench does\nfor models with "
        "a window [policy truncate: what fits; else any]");
    add_experiment_flags(app, run->out, run->flags);
    add_session_flags(app, run->flags);
    return {&app, [run] { run_longbench(*run); }};
}

}  // namespace infinipot::cli
