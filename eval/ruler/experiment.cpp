#include "eval/ruler/experiment.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "eval/run/fingerprint.h"
#include "eval/run/prompt_session.h"
#include "eval/run/provenance.h"
#include "eval/run/score_grid.h"
#include "eval/text/text_file.h"

namespace infinipot::eval {
namespace {

namespace fs = std::filesystem;

using Json = Experiment::Json;

/// Returns the tasks that the command names, or all tasks whose data it names.
std::vector<const RulerTask*> tasks_of(const RulerRun& run) {
    std::vector<const RulerTask*> tasks;
    for (const std::string& name : run.tasks) {
        const RulerTask* task = &ruler_task(name);
        if (std::ranges::find(tasks, task) == tasks.end()) tasks.push_back(task);
    }
    if (!tasks.empty()) return tasks;
    for (const RulerTask& task : ruler_tasks()) {
        if (task.dataset.empty() || !run.longbench.empty()) tasks.push_back(&task);
    }
    return tasks;
}

[[noreturn]] void refuse(const std::string& sentence) {
    throw Error(ErrorCode::invalid_argument, sentence);
}

fs::path question_path(const RulerRun& run, const RulerTask& task) {
    return fs::path(run.longbench) / "data" / (std::string(task.dataset) + ".jsonl");
}

/// Returns the number of items of a task. A dataset may have fewer questions than `run.n_items`.
int n_items_of(const RulerRun& run, const RulerTask& task, const RulerData& data) {
    if (task.dataset.empty()) return run.n_items;
    const std::size_t n_questions = data.questions.at(std::string(task.dataset)).size();
    return static_cast<int>(
        std::min<std::size_t>(static_cast<std::size_t>(run.n_items), n_questions));
}

bool is_possible(const Method& method, bool query_aware) {
    return is_query_aware(prompt_options(method), method) == query_aware;
}

/// Returns the method with the catalyst of a mode.
Method method_for(const RulerRun& run, bool query_aware) {
    Method method = run.method;
    if (query_aware) {
        method.catalyst = "question";
    } else if (method.catalyst == "question") {
        method.catalyst = "general";
    }
    return method;
}

/// Returns a method for each mode. RulerMode::both has two if the policy supports both.
std::vector<Method> methods_of_modes(const RulerRun& run) {
    if (run.mode == RulerMode::as_asked) return {run.method};
    std::vector<Method> all;
    for (const bool query_aware : {false, true}) {
        if (run.mode == (query_aware ? RulerMode::query_agnostic : RulerMode::query_aware))
            continue;
        const Method method = method_for(run, query_aware);
        if (is_possible(method, query_aware)) all.push_back(method);
    }
    if (!all.empty()) return all;
    const std::string policy = prompt_options(run.method).policy->spec();
    refuse("policy " + policy +
           (run.mode == RulerMode::query_aware
                ? " keeps the same whatever is asked; --mode query-aware wants another"
                : " always keeps what the question needs; --mode query-agnostic wants another"));
}

/// Returns a description of the data that the items of a task are made of.
Json describe_data(const RulerRun& run, const RulerTask& task, const RulerData& data) {
    Json described;
    std::string all;
    for (const auto* list : {&data.words.adjectives, &data.words.nouns, &data.words.all}) {
        for (const std::string& word : *list) all += word + '\n';
    }
    const auto describe = [&](const char* name, const fs::path& path) {
        described[name] = path.filename().string();
        all += read_text_file(path);
    };
    if (task.wants_haystack) describe("haystack", run.haystack);
    if (!task.dataset.empty()) describe("questions", question_path(run, task));
    described["data"] = fingerprint(all);
    return described;
}

/// Returns a counter of the tokens of a prompt in its frame. A prompt that is read in parts may
/// have a token or two more than the whole.
TokenCounter counter(const Model& model, const Method& method) {
    const int n_around = frame_tokens(model, method.session.framing);
    return [&model, n_around](std::string_view prompt) {
        return n_around + static_cast<int>(model.tokenize(prompt).size());
    };
}

void answer(const RulerTask& task, const RulerItem& item, const RulerReading& reading,
            const Model& model, Host& host, Json& result) {
    result["prompt"] = fingerprint(item.prompt());
    result["prompt_tokens"] = item.n_prompt_tokens;
    result["references"] = item.references;
    Session session(model, options_for(item, reading, model));
    const auto watch = host.watch(session);
    result["budget"] = budget_json(session.budget());
    read_text(session, item.text, host);
    Generation answer = session.ask(
        item.question,
        {.sampling = {}, .max_tokens = item.max_tokens, .answer_prefix = item.answer_prefix});
    const std::string prediction = answer.text();
    result["pred"] = prediction;
    result["stop_reason"] = word(answer.stop_reason());
    result["score"] = ruler_score(task.metric, prediction, item.references);
    add_measurements(result, session, reading.method);
}

Json describe(const RulerReading& reading, const Json& data, const RulerTask& task,
              const RulerSettings& settings) {
    Json described = reading.described;
    described["dataset"] = task.name;
    described["length"] = settings.length;
    described["item"] = settings.index;
    described["seed"] = settings.seed;
    described["max_tokens"] = task.max_tokens;
    described.update(data);
    described["id"] = to_line(described);
    return described;
}

ExperimentItem to_measure(const RulerTask& task, const RulerSettings& settings,
                          const RulerData& data, const RulerReading& reading, const Model& model,
                          Host& host) {
    return {.settings = {},
            .name = std::string(task.name) + ", length " + std::to_string(settings.length) + ", " +
                    reading.described["mode"].get<std::string>() + ", item " +
                    std::to_string(settings.index),
            .size = static_cast<double>(settings.length),
            .measure = [&task, settings, &data, &reading, &model, &host](Json& result) {
                const RulerItem item =
                    make_ruler_item(task, settings, data, counter(model, reading.method));
                answer(task, item, reading, model, host, result);
            }};
}

}  // namespace

void check(const RulerRun& run) {
    if (run.data.empty()) {
        refuse(
            "there is no --data, a folder with the word lists of wonderwords; see infinipot eval "
            "ruler --help");
    }
    for (const RulerTask* task : tasks_of(run)) {
        const std::string name(task->name);
        if (task->wants_haystack && run.haystack.empty()) {
            refuse(name +
                   " hides its needles in a text; name one with --haystack, or other --tasks");
        }
        if (!task->dataset.empty() && run.longbench.empty()) {
            refuse(name + " asks questions of LongBench; name its folder with --longbench");
        }
    }
}

RulerData read_ruler_data(const RulerRun& run) {
    RulerData data = {.words = read_word_lists(run.data)};
    if (!run.haystack.empty()) data.haystack = read_haystack(run.haystack);
    for (const RulerTask* task : tasks_of(run)) {
        const std::string dataset(task->dataset);
        if (dataset.empty() || data.questions.contains(dataset)) continue;
        data.questions[dataset] = read_questions(question_path(run, *task));
    }
    return data;
}

std::vector<RulerReading> ruler_readings(const RulerRun& run, const Model& model) {
    std::vector<RulerReading> readings;
    for (const Method& method : methods_of_modes(run)) {
        Json described = describe_prompts("ruler", method, model);
        described["method_id"] = fingerprint(to_line(described));
        readings.push_back({method, described});
    }
    return readings;
}

SessionOptions options_for(const RulerItem& item, const RulerReading& reading, const Model& model) {
    SessionOptions options = prompt_options(reading.method, {item.question});
    options.budget.capacity = reading.described["asked"]["capacity"];
    if (!options.budget.reserve) {
        options.budget.reserve =
            answer_room(model, options, item.question, item.max_tokens, item.answer_prefix);
    }
    return options;
}

std::vector<ExperimentItem> ruler_items(const RulerRun& run, const RulerData& data,
                                        const std::vector<RulerReading>& readings,
                                        const Model& model, Host& host) {
    std::vector<ExperimentItem> items;
    for (const RulerReading& reading : readings) {
        for (const int length : run.lengths) {
            for (const RulerTask* task : tasks_of(run)) {
                const Json described = describe_data(run, *task, data);
                for (int i = 0; i < n_items_of(run, *task, data); ++i) {
                    const RulerSettings settings = {length, i, run.seed};
                    items.push_back(to_measure(*task, settings, data, reading, model, host));
                    items.back().settings = describe(reading, described, *task, settings);
                }
            }
        }
    }
    return each_once(std::move(items));
}

std::string ruler_table(const RulerRun& run, const RulerReading& reading,
                        const std::vector<ExperimentItem>& items, const Experiment& experiment) {
    std::vector<std::string> names;
    for (const RulerTask* task : tasks_of(run)) names.emplace_back(task->name);
    ScoreGrid scores(std::move(names), run.lengths);
    for (const ExperimentItem& item : items) {
        if (item.settings["method_id"] != reading.described["method_id"]) continue;
        const Json result = experiment.result_of(item);
        if (result.contains("score")) {
            scores.add(result["dataset"], result["length"], result["score"]);
        } else {
            scores.add_error();
        }
    }
    return scores.text(reading.described["mode"]);
}

}  // namespace infinipot::eval
