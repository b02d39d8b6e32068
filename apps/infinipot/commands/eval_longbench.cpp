#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "eval/longbench/experiment.h"
#include "eval/run/prompt_session.h"
#include "infinipot/infinipot.h"
#include "input/model.h"
#include "options/describe.h"
#include "options/experiment_flags.h"
#include "options/option_types.h"
#include "options/session_flags.h"
#include "terminal/host.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

constexpr const char* examples = R"(Examples:
  infinipot eval longbench --data longbench --tasks qasper,trec --items 20 --out longbench.jsonl
      answers twenty items of two tasks; killed and started again, it goes on

  infinipot eval longbench --data longbench --catalyst question --out longbench.jsonl
      answers all tasks and reads each text for its own question (query-aware))";

constexpr const char* notes = R"(More examples:
  infinipot eval longbench --data longbench --policy full --max-length 3500 --out longbench.jsonl
      evicts nothing and cuts the middle out of long prompts, as published tables do

FOLDER is a folder of LongBench v1: config/dataset2prompt.json, config/dataset2maxlen.json and
data/TASK.jsonl. A prompt is read up to the end of its context, and the rest is asked. Answers are
greedy, and scored as LongBench does. A line is appended to --out for each item. An item that does
not fit the KV cache has an error instead of a score, and is not run again unless its line is
deleted. analysis/longbench_table.py makes one table of many methods. infinipot eval compare
compares two.)";

void run_longbench(const eval::LongBenchRun& run) {
    if (run.data.empty()) {
        throw Error(
            ErrorCode::invalid_argument,
            "there is no --data, a folder of LongBench; see infinipot eval longbench --help");
    }
    TerminalHost host(bars_for(run.method.n_parallel));
    eval::Experiment experiment(run.out, eval::has_score, host);
    std::vector<eval::LongBenchPrompt> prompts = eval::read_prompts(run);
    eval::prompt_options(run.method);  // refuses a misspelt policy before the model is loaded
    const Model model = load_model(run.method);
    eval::describe_all(prompts, run, model);
    const auto items = eval::longbench_items(run, prompts, model, host);
    experiment.run(items, eval::score_text, run.method.n_parallel);
    print(eval::longbench_table(items, experiment));
}

}  // namespace

Command add_eval_longbench(CLI::App& eval) {
    const auto run = std::make_shared<eval::LongBenchRun>();
    CLI::App& app = *eval.add_subcommand(
        "longbench", "Answers the prompts of LongBench and scores the answers (Bai et al. 2024)");
    explain(app, examples, notes);
    add_model_flags(app, run->method);
    add_folder(app, "--data", run->data, "Folder of LongBench's data");
    add_task_flag(app, run->tasks);
    add_item_flags(app, run->limit, run->seed, "Items of each task [all]");
    add_count(
        app, "--max-length", run->max_length, 16,
        "Tokens of a prompt, whose middle is cut out beyond [policy truncate: what fits; else "
        "any number]");
    add_experiment_flags(app, run->out, run->method);
    add_session_flags(app, run->method);
    return {&app, [run] { run_longbench(*run); }};
}

}  // namespace infinipot::cli
