#include "eval/longbench/experiment.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "eval/run/fingerprint.h"
#include "eval/run/prompt_session.h"
#include "eval/run/provenance.h"
#include "eval/run/quantity.h"

namespace infinipot::eval {
namespace {

using Json = Experiment::Json;

/// Returns what all items share; its fingerprint is the method_id.
Json describe_method(const LongBenchRun& run, const Model& model) {
    Json described = describe_prompts("longbench", run.method, model);
    described["max_length"] = run.max_length;
    described["method_id"] = fingerprint(to_line(described));
    return described;
}

Framing framing_of(const LongBenchTask& task, const Method& method) {
    return task.in_chat ? method.session.framing : Framing::raw;
}

Json describe(const Json& described, const LongBenchPrompt& item, const Method& method) {
    const Prompt& prompt = item.data.prompt;
    Json settings = described;
    settings["framing"] = framing_of(*item.task, method) == Framing::chat ? "chat" : "raw";
    settings["dataset"] = item.task->name;
    settings["item"] = item.data.id;
    settings["prompt"] = fingerprint(prompt.text + prompt.question);
    settings["max_tokens"] = item.max_tokens;
    settings["id"] = to_line(settings);
    return settings;
}

std::vector<const LongBenchTask*> tasks_of(const LongBenchRun& run) {
    if (run.tasks.empty()) return longbench_tasks_in(run.data);
    std::vector<const LongBenchTask*> tasks;
    for (const std::string& name : run.tasks) {
        const LongBenchTask* task = &longbench_task(name);
        if (std::ranges::find(tasks, task) == tasks.end()) tasks.push_back(task);
    }
    return tasks;
}

/// The question takes at most one in so many entries of the KV cache. The session reads the tokens
/// before them along with the context.
constexpr int question_share = 4;

GenerateOptions generate_options(const LongBenchPrompt& item, const Model& model) {
    GenerateOptions options{.sampling = {}, .max_tokens = item.max_tokens};
    const std::vector<Token> line_break = model.tokenize("\n");
    if (item.task->ends_at_break && !line_break.empty()) {
        options.min_tokens = 1;
        options.stop_tokens = {line_break.back()};
    }
    return options;
}

void read_and_ask(Session& session, const LongBenchTrial& task, Host& host, Json& result) {
    read_text(session, task.prompt.text, host);
    Generation answer = session.ask(task.prompt.question, task.generate);
    result["pred"] = answer.text();
    result["stop_reason"] = word(answer.stop_reason());
}

void add_scores(Json& result, const LongBenchPrompt& item) {
    const std::string& prediction = result["pred"].get_ref<const std::string&>();
    const auto score = [&](StringMatcher matcher) {
        return longbench_score(*item.task, prediction, item.data.answers, item.data.all_classes,
                               matcher);
    };
    const double by_difflib = score(StringMatcher::difflib);
    if (item.task->metric == Metric::code_similarity) {
        const double by_levenshtein = score(StringMatcher::levenshtein);
        result["score_levenshtein"] = by_levenshtein;
    }
    result["score"] = by_difflib;
}

void answer(const LongBenchRun& run, const LongBenchPrompt& item, const Model& model, Host& host,
            Json& result) {
    result["length"] = item.data.length;
    result["limit"] = run.limit;
    result["seed"] = run.seed;
    const LongBenchTrial task = prepare(run, item, model);
    result["tokens_cut"] = task.n_cut;
    result["question_tokens"] = task.n_question_tokens;
    Session session(model, task.session);
    const auto watch = host.watch(session);
    result["budget"] = budget_json(session.budget());
    read_and_ask(session, task, host, result);
    add_scores(result, item);
    add_measurements(result, session, run.method);
}

ExperimentItem to_measure(const LongBenchRun& run, const LongBenchPrompt& item, const Model& model,
                          Host& host) {
    const Prompt& prompt = item.data.prompt;
    return {.settings = item.settings,
            .name = std::string(item.task->name) + " " + item.data.id,
            .size = static_cast<double>(prompt.text.size() + prompt.question.size()),
            .measure = [&run, &item, &model, &host](Json& result) {
                answer(run, item, model, host, result);
            }};
}

struct TaskScore {
    std::vector<double> scores;  ///< of its items
    std::size_t n_errors = 0;
};

std::map<const LongBenchTask*, TaskScore> scores_of(const std::vector<ExperimentItem>& items,
                                                    const Experiment& experiment) {
    std::map<const LongBenchTask*, TaskScore> of_task;
    for (const ExperimentItem& item : items) {
        TaskScore& task = of_task[&longbench_task(item.settings["dataset"].get<std::string>())];
        const Json result = experiment.result_of(item);
        if (result.contains("score")) {
            task.scores.push_back(result["score"]);
        } else {
            ++task.n_errors;
        }
    }
    return of_task;
}

std::string line_of(const LongBenchTask& task, const TaskScore& score) {
    char line[96];
    std::snprintf(line, sizeof line, "%-20s %6zu %7zu ", std::string(task.name).c_str(),
                  score.scores.size() + score.n_errors, score.n_errors);
    std::string text = line;
    if (score.scores.empty()) return text + '\n';
    std::snprintf(line, sizeof line, "%7.2f\n", longbench_task_score(score.scores));
    return text + line;
}

}  // namespace

std::vector<LongBenchPrompt> read_prompts(const LongBenchRun& run) {
    std::vector<LongBenchPrompt> prompts;
    for (const LongBenchTask* task : tasks_of(run)) {
        LongBenchData data = read_longbench(run.data, *task);
        const auto n = run.limit == 0 ? data.items.size() : static_cast<std::size_t>(run.limit);
        for (LongBenchItem& item : sample(std::move(data.items), n, run.seed)) {
            prompts.push_back({task, data.max_tokens, std::move(item), {}});
        }
    }
    return prompts;
}

void describe_all(std::vector<LongBenchPrompt>& prompts, const LongBenchRun& run,
                  const Model& model) {
    const Json method = describe_method(run, model);
    for (LongBenchPrompt& item : prompts) item.settings = describe(method, item, run.method);
}

int longest_prompt(const LongBenchRun& run, const LongBenchPrompt& item, const Model& model,
                   const SessionOptions& options) {
    const bool truncates = options.policy->schedule() == Schedule::before_reading;
    if (run.max_length > 0 || !truncates) return run.max_length;
    const int n_frame =
        frame_tokens(model, options.framing) - (model.info().begins_with_bos ? 1 : 0);
    const int longest = item.settings["asked"]["capacity"].get<int>() - n_frame - item.max_tokens;
    if (longest >= 16) return longest;
    throw Error(ErrorCode::does_not_fit, "an answer of " + count_text(item.max_tokens, "token") +
                                             " leaves no room for a prompt; raise the capacity");
}

LongBenchTrial prepare(const LongBenchRun& run, const LongBenchPrompt& item, const Model& model) {
    LongBenchTrial task;
    SessionOptions options = prompt_options(run.method);
    options.framing = framing_of(*item.task, run.method);
    task.prompt = item.data.prompt;
    if (const int longest = longest_prompt(run, item, model, options); longest > 0) {
        const int n_tokens = n_prompt_tokens(model, task.prompt);
        task.n_cut = n_tokens > longest ? n_tokens - longest / 2 * 2 : 0;
        task.prompt = cut_middle(model, task.prompt, longest);
    }
    const int capacity = item.settings["asked"]["capacity"];
    task.prompt = shorten_question(model, task.prompt, std::max(1, capacity / question_share));
    task.n_question_tokens = static_cast<int>(model.tokenize(task.prompt.question).size());
    task.generate = generate_options(item, model);
    task.session = prompt_options(run.method, {task.prompt.question});
    task.session.framing = options.framing;
    task.session.budget.capacity = capacity;
    if (!task.session.budget.reserve) {
        task.session.budget.reserve =
            answer_room(model, task.session, task.prompt.question, task.generate.max_tokens);
    }
    return task;
}

std::vector<ExperimentItem> longbench_items(const LongBenchRun& run,
                                            const std::vector<LongBenchPrompt>& prompts,
                                            const Model& model, Host& host) {
    std::vector<ExperimentItem> all;
    for (const LongBenchPrompt& item : prompts) all.push_back(to_measure(run, item, model, host));
    return each_once(std::move(all));
}

std::string longbench_table(const std::vector<ExperimentItem>& items,
                            const Experiment& experiment) {
    std::string text = "task                  items  errors   score\n";
    std::vector<double> task_scores;
    for (const auto& [task, score] : scores_of(items, experiment)) {  // in the order of papers
        text += line_of(*task, score);
        if (!score.scores.empty()) task_scores.push_back(longbench_task_score(score.scores));
    }
    if (task_scores.size() < 2) return text;
    double sum = 0;
    for (const double score : task_scores) sum += score;
    char line[96];
    std::snprintf(line, sizeof line, "%-36s%7.2f\n", "average",
                  sum / static_cast<double>(task_scores.size()));
    return text + line;
}

}  // namespace infinipot::eval
