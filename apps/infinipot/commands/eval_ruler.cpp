#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "commands/commands.h"
#include "eval/ruler/task.h"
#include "eval/run/fingerprint.h"
#include "eval/run/score_grid.h"
#include "eval/text/text_file.h"
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

namespace fs = std::filesystem;

using eval::RulerData;
using eval::RulerItem;
using eval::RulerTask;
using Json = Experiment::Json;

constexpr const char* examples = R"(Examples:
  infinipot eval ruler --data wonderwords --haystack moby-dick.txt --length 4096 --out ruler.jsonl
      ten items of each of eleven tasks at two lengths; killed and started again, it goes on

  infinipot eval ruler --data wonderwords --tasks niah_multikey_2,vt --mode both --out ruler.jsonl
      each text read once for its question and once for any

FOLDER has the lists of words of Python's wonderwords. RULER hides needles in Paul Graham's
essays; here it is any text, which every result names. The data of qa_1 and qa_2 are not made but
asked for, and qa_1_stand_in and qa_2_stand_in ask questions of LongBench instead. A prompt and
its answer have together at most --length tokens. A line for each item is appended to --out; one
that does not fit the pot has an error instead of a score. analysis/ruler_table.py makes one table
of many methods.)";

enum class Mode { as_asked, query_aware, query_agnostic, both };

struct RulerRun {
    std::string data;
    std::string haystack;
    std::string longbench;
    std::vector<std::string> tasks;
    std::vector<int> lengths = {4096};
    int n_items = 10;  ///< of a task and length
    std::uint32_t seed = 1;
    Mode mode = Mode::as_asked;
    std::string out;
    SessionFlags flags;
};

/// One way to read all texts.
struct Method {
    SessionFlags flags;
    Json described;
};

// --- Which items
// ----------------------------------------------------------------------------------

/// Those named; else all whose data the command names.
std::vector<const RulerTask*> tasks_of(const RulerRun& run) {
    std::vector<const RulerTask*> tasks;
    for (const std::string& name : run.tasks) {
        const RulerTask* task = &eval::ruler_task(name);
        if (std::ranges::find(tasks, task) == tasks.end()) tasks.push_back(task);
    }
    if (!tasks.empty()) return tasks;
    for (const RulerTask& task : eval::ruler_tasks()) {
        if (task.dataset.empty() || !run.longbench.empty()) tasks.push_back(&task);
    }
    return tasks;
}

[[noreturn]] void refuse(const std::string& sentence) {
    throw Error(ErrorCode::invalid_argument, sentence);
}

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

fs::path question_path(const RulerRun& run, const RulerTask& task) {
    return fs::path(run.longbench) / "data" / (std::string(task.dataset) + ".jsonl");
}

RulerData read_data(const RulerRun& run) {
    RulerData data = {.words = eval::read_word_lists(run.data)};
    if (!run.haystack.empty()) data.haystack = eval::read_haystack(run.haystack);
    for (const RulerTask* task : tasks_of(run)) {
        const std::string dataset(task->dataset);
        if (dataset.empty() || data.questions.contains(dataset)) continue;
        data.questions[dataset] = eval::read_questions(question_path(run, *task));
    }
    return data;
}

/// A dataset may have fewer questions than there are to be items.
int n_items_of(const RulerRun& run, const RulerTask& task, const RulerData& data) {
    if (task.dataset.empty()) return run.n_items;
    const std::size_t n_questions = data.questions.at(std::string(task.dataset)).size();
    return static_cast<int>(
        std::min<std::size_t>(static_cast<std::size_t>(run.n_items), n_questions));
}

// --- What decides a result
// ------------------------------------------------------------------------

bool is_possible(const SessionFlags& flags, bool query_aware) {
    return is_query_aware(prompt_options(flags), flags) == query_aware;
}

/// The flags with the catalyst that makes the mode.
SessionFlags flags_for(const RulerRun& run, bool query_aware) {
    SessionFlags flags = run.flags;
    if (query_aware) {
        flags.catalyst = "question";
    } else if (flags.catalyst == "question") {
        flags.catalyst = "general";
    }
    return flags;
}

/// Both modes where the policy has both.
std::vector<SessionFlags> flags_of_modes(const RulerRun& run) {
    if (run.mode == Mode::as_asked) return {run.flags};
    std::vector<SessionFlags> all;
    for (const bool query_aware : {false, true}) {
        if (run.mode == (query_aware ? Mode::query_agnostic : Mode::query_aware)) continue;
        const SessionFlags flags = flags_for(run, query_aware);
        if (is_possible(flags, query_aware)) all.push_back(flags);
    }
    if (!all.empty()) return all;
    const std::string policy = prompt_options(run.flags).policy->spec();
    refuse("policy " + policy +
           (run.mode == Mode::query_aware
                ? " keeps the same whatever is asked; --mode query-aware wants another"
                : " always keeps what the question needs; --mode query-agnostic wants another"));
}

std::vector<Method> methods_of(const RulerRun& run, const Model& model) {
    std::vector<Method> methods;
    for (const SessionFlags& flags : flags_of_modes(run)) {
        Json method = describe_prompts("ruler", flags, model);
        method["method_id"] = eval::fingerprint(eval::to_line(method));
        methods.push_back({flags, method});
    }
    return methods;
}

/// What the items of a task are made of.
Json describe_data(const RulerRun& run, const RulerTask& task, const RulerData& data) {
    Json described;
    std::string all;
    for (const auto* list : {&data.words.adjectives, &data.words.nouns, &data.words.all}) {
        for (const std::string& word : *list) all += word + '\n';
    }
    const auto describe = [&](const char* name, const fs::path& path) {
        described[name] = path.filename().string();
        all += eval::read_text_file(path);
    };
    if (task.wants_haystack) describe("haystack", run.haystack);
    if (!task.dataset.empty()) describe("questions", question_path(run, task));
    described["data"] = eval::fingerprint(all);
    return described;
}

// --- From an item to an answer
// --------------------------------------------------------------------

/// Tokens of a prompt with its frame. Parts that are read one after the other may have a token or
/// two more than the whole.
eval::TokenCounter counter(const Model& model, const SessionFlags& flags) {
    const ModelInfo& info = model.info();
    const bool chat = flags.session.framing == Framing::chat;
    const int n_frame = chat ? info.n_chat_opening + info.n_chat_closing : 0;
    const int n_around = n_frame + (info.begins_with_bos ? 1 : 0);
    return [&model, n_around](std::string_view prompt) {
        return n_around + static_cast<int>(model.tokenize(prompt).size());
    };
}

int n_tokens_of(const Model& model, const std::string& text) {
    return static_cast<int>(model.tokenize(text).size());
}

/// Room for the question and for the longest answer, unless another reserve was asked for.
SessionOptions options_for(const RulerItem& item, const Method& method, const Model& model) {
    SessionOptions options = prompt_options(method.flags, {item.question});
    options.budget.capacity = method.described["asked"]["capacity"];
    if (options.budget.reserve == Budget::automatic) {
        const bool chat = options.framing == Framing::chat;
        options.budget.reserve = n_tokens_of(model, item.question) +
                                 n_tokens_of(model, item.answer_prefix) + item.max_tokens +
                                 (chat ? model.info().n_chat_closing : 0);
    }
    return options;
}

void answer(const RulerTask& task, const RulerItem& item, const Method& method, const Model& model,
            Json& result) {
    result["prompt"] = eval::fingerprint(item.prompt());
    result["prompt_tokens"] = item.n_prompt_tokens;
    result["references"] = item.references;
    Session session(model, options_for(item, method, model));
    const InterruptibleSession interruptible(session);
    result["budget"] = budget_json(session.budget());
    read_with_progress(session, item.text);
    Generation answer = session.ask(
        item.question,
        {.sampling = {}, .max_tokens = item.max_tokens, .answer_prefix = item.answer_prefix});
    const std::string prediction = answer.text();
    result["pred"] = prediction;
    result["stop_reason"] = word(answer.stop_reason());
    result["score"] = eval::ruler_score(task.metric, prediction, item.references);
    add_measurements(result, session, method.flags);
}

// --- All items
// ------------------------------------------------------------------------------------

Json describe(const Method& method, const Json& data, const RulerTask& task,
              const eval::RulerSettings& settings) {
    Json described = method.described;
    described["dataset"] = task.name;
    described["length"] = settings.length;
    described["item"] = settings.index;
    described["seed"] = settings.seed;
    described["max_tokens"] = task.max_tokens;
    described.update(data);
    described["id"] = eval::to_line(described);
    return described;
}

ExperimentItem to_measure(const RulerTask& task, const eval::RulerSettings& settings,
                          const RulerData& data, const Method& method, const Model& model) {
    return {.settings = {},
            .name = std::string(task.name) + ", length " + std::to_string(settings.length) + ", " +
                    method.described["mode"].get<std::string>() + ", item " +
                    std::to_string(settings.index),
            .size = static_cast<double>(settings.length),
            .measure = [&task, settings, &data, &method, &model](Json& result) {
                const RulerItem item =
                    eval::make_ruler_item(task, settings, data, counter(model, method.flags));
                answer(task, item, method, model, result);
            }};
}

std::vector<ExperimentItem> items_of(const RulerRun& run, const RulerData& data,
                                     const std::vector<Method>& methods, const Model& model) {
    std::vector<ExperimentItem> items;
    for (const Method& method : methods) {
        for (const int length : run.lengths) {
            for (const RulerTask* task : tasks_of(run)) {
                const Json described = describe_data(run, *task, data);
                for (int i = 0; i < n_items_of(run, *task, data); ++i) {
                    const eval::RulerSettings settings = {length, i, run.seed};
                    items.push_back(to_measure(*task, settings, data, method, model));
                    items.back().settings = describe(method, described, *task, settings);
                }
            }
        }
    }
    return each_once(std::move(items));
}

eval::ScoreGrid scores_of(const RulerRun& run, const Method& method,
                          const std::vector<ExperimentItem>& items, const Experiment& experiment) {
    std::vector<std::string> names;
    for (const RulerTask* task : tasks_of(run)) names.emplace_back(task->name);
    eval::ScoreGrid scores(std::move(names), run.lengths);
    for (const ExperimentItem& item : items) {
        if (item.settings["method_id"] != method.described["method_id"]) continue;
        const Json result = experiment.result_of(item);
        if (result.contains("score")) {
            scores.add(result["dataset"], result["length"], result["score"]);
        } else {
            scores.add_error();
        }
    }
    return scores;
}

void run_ruler(const RulerRun& run) {
    check(run);
    Experiment experiment(run.out, has_score);
    const RulerData data = read_data(run);
    prompt_options(run.flags);  // refuses a misspelt policy before the model is loaded
    const Model model = load_model(run.flags);
    const std::vector<Method> methods = methods_of(run, model);
    const std::vector<ExperimentItem> items = items_of(run, data, methods, model);
    experiment.run(items, score_text, run.flags.n_parallel);
    for (const Method& method : methods) {
        const eval::ScoreGrid scores = scores_of(run, method, items, experiment);
        print((&method == &methods.front() ? "" : "\n") + scores.text(method.described["mode"]));
    }
}

}  // namespace

Command add_eval_ruler(CLI::App& eval) {
    const auto run = std::make_shared<RulerRun>();
    CLI::App& app = *eval.add_subcommand(
        "ruler", "Asks for what was hidden in made-up texts (Hsieh et al. 2024)");
    app.footer(examples);
    add_model_flags(app, run->flags);
    const auto add_path = [&](const char* name, std::string& path, const char* kind,
                              const char* help) {
        app.add_option(name, path, help)->type_name("value")->option_text(kind);
    };
    add_path("--data", run->data, "FOLDER",
             "Folder of wonderwords' lists, wonderwords_nounlist.txt ...");
    add_path("--haystack", run->haystack, "FILE",
             "Text to hide needles in, or RULER's PaulGrahamEssays.json");
    add_path("--longbench", run->longbench, "FOLDER",
             "Folder of LongBench, for the stand-ins of qa_1 and qa_2");
    app.add_option("--tasks", run->tasks, "Names, with commas between [all whose data is named]")
        ->delimiter(',')
        ->type_name("value")
        ->option_text("TASK,...");
    add_counts(app, "--length", run->lengths, 1,
               "Tokens of prompt and answer together; again for more lengths [4096]");
    add_count(app, "--items", run->n_items, 1, "Items of each task and length [10]");
    add_count(app, "--seed", run->seed, "Which items these are [1]");
    add_choice(
        app, "--mode", run->mode,
        {{"query-aware", Mode::query_aware},
         {"query-agnostic", Mode::query_agnostic},
         {"both", Mode::both}},
        "query-aware: the text is read for its question; query-agnostic: for any;\nboth, where "
        "the policy knows the difference [as --catalyst says]");
    add_experiment_flags(app, run->out, run->flags);
    add_session_flags(app, run->flags);
    return {&app, [run] { run_ruler(*run); }};
}

}  // namespace infinipot::cli
