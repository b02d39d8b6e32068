#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "eval/instructions/experiment.h"
#include "eval/text/endless_text.h"
#include "eval/text/text_files.h"
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
  infinipot eval instructions --distillations 0,10,50 --out instructions.jsonl
      gives five rules, each at the beginning of a book, and checks answers after distillations

  infinipot eval instructions --distillations 50 --protect-first 64 --out instructions.jsonl
      does the same with rules that are never evicted)";

constexpr const char* notes =
    R"(A line is appended to --out for each rule and number of distillations.)";

void run_instructions(const eval::InstructionsRun& run) {
    TerminalHost host(bars_for(run.method.n_parallel));
    eval::Experiment experiment(run.out, eval::has_score, host);
    eval::instructions_options(run);  // refuses a misspelt policy before the model is loaded
    const Model model = load_model(run.method);
    const eval::EndlessText text(model, eval::read_all(run.file));
    const auto items = eval::instructions_items(run, model, text, host);
    experiment.run(items, eval::score_text, run.method.n_parallel);
    print(eval::instructions_table(items, experiment));
}

}  // namespace

Command add_eval_instructions(CLI::App& eval) {
    const auto run = std::make_shared<eval::InstructionsRun>();
    CLI::App& app = *eval.add_subcommand(
        "instructions", "Tests whether answers obey early rules after many distillations");
    explain(app, examples, notes);
    add_model_flags(app, run->method);
    add_file(app, "-f,--haystack,--file", run->file,
             "Text after the rule, repeated if it is short [samples/sherlock-holmes.txt]");
    add_counts(app, "--distillations", run->distillations, 0,
               "Distillations before the questions; repeat it for more [0 10 50]");
    add_experiment_flags(app, run->out, run->method);
    add_session_flags(app, run->method);
    return {&app, [run] { run_instructions(*run); }};
}

}  // namespace infinipot::cli
