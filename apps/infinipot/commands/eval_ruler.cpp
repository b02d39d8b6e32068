#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "eval/ruler/experiment.h"
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

constexpr const char* examples = R"(Example:
  infinipot eval ruler --data wonderwords --haystack moby-dick.txt --length 4096 --out ruler.jsonl
      makes ten items of each of eleven tasks; killed and started again, it goes on)";

constexpr const char* notes = R"(Another example:
  infinipot eval ruler --data wonderwords --tasks niah_multikey_2,vt --mode both --out ruler.jsonl
      reads each text once for its question and once for any question

FOLDER has the lists of words of Python's wonderwords. RULER hides needles in Paul Graham's
essays. Here any text serves, and every result names it. The tasks qa_1 and qa_2 need data of their
own; qa_1_stand_in and qa_2_stand_in ask questions of LongBench instead. A prompt and its answer
have together at most --length tokens. A line is appended to --out for each item. An item that does
not fit the KV cache has an error instead of a score. analysis/ruler_table.py makes one table of
many methods.)";

void run_ruler(const eval::RulerRun& run) {
    eval::check(run);
    TerminalHost host(bars_for(run.method.n_parallel));
    eval::Experiment experiment(run.out, eval::has_score, host);
    const eval::RulerData data = eval::read_ruler_data(run);
    eval::prompt_options(run.method);  // refuses a misspelt policy before the model is loaded
    const Model model = load_model(run.method);
    const std::vector<eval::RulerReading> readings = eval::ruler_readings(run, model);
    const auto items = eval::ruler_items(run, data, readings, model, host);
    experiment.run(items, eval::score_text, run.method.n_parallel);
    for (const eval::RulerReading& reading : readings) {
        const std::string table = eval::ruler_table(run, reading, items, experiment);
        print((&reading == &readings.front() ? "" : "\n") + table);
    }
}

}  // namespace

Command add_eval_ruler(CLI::App& eval) {
    const auto run = std::make_shared<eval::RulerRun>();
    CLI::App& app = *eval.add_subcommand(
        "ruler", "Asks for what was hidden in made-up texts (Hsieh et al. 2024)");
    explain(app, examples, notes);
    add_model_flags(app, run->method);
    add_folder(app, "--data", run->data, "Folder of wonderwords' lists of words");
    add_file(app, "-f,--haystack", run->haystack,
             "Text to hide needles in, or RULER's PaulGrahamEssays.json");
    add_folder(app, "--longbench", run->longbench,
               "Folder of LongBench, for qa_1_stand_in and qa_2_stand_in");
    add_task_flag(app, run->tasks);
    add_length_flag(app, run->lengths,
                    "Tokens of prompt and answer together; repeat it for more lengths [4096]");
    add_item_flags(app, run->n_items, run->seed, "Items of each task and length [10]");
    add_choice(app, "--mode", run->mode,
               {{"query-aware", eval::RulerMode::query_aware},
                {"query-agnostic", eval::RulerMode::query_agnostic},
                {"both", eval::RulerMode::both}},
               "Catalyst: query-aware (the question), query-agnostic (a general prompt) or both "
               "[as --catalyst says]");
    add_experiment_flags(app, run->out, run->method);
    add_session_flags(app, run->method);
    return {&app, [run] { run_ruler(*run); }};
}

}  // namespace infinipot::cli
