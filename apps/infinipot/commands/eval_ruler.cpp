#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "eval/ruler/experiment.h"
#include "eval/run/prompt_session.h"
#include "infinipot/infinipot.h"
#include "options/experiment_flags.h"
#include "options/option_types.h"
#include "options/session_flags.h"
#include "terminal/host.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

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
    app.footer(examples);
    add_model_flags(app, run->method);
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
        {{"query-aware", eval::RulerMode::query_aware},
         {"query-agnostic", eval::RulerMode::query_agnostic},
         {"both", eval::RulerMode::both}},
        "query-aware: the text is read for its question; query-agnostic: for any;\nboth, where "
        "the policy knows the difference [as --catalyst says]");
    add_experiment_flags(app, run->out, run->method);
    add_session_flags(app, run->method);
    return {&app, [run] { run_ruler(*run); }};
}

}  // namespace infinipot::cli
