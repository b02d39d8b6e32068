#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "eval/instructions/experiment.h"
#include "eval/text/endless_text.h"
#include "eval/text/text_files.h"
#include "infinipot/infinipot.h"
#include "options/experiment_flags.h"
#include "options/option_types.h"
#include "options/session_flags.h"
#include "terminal/host.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

constexpr const char* examples = R"(Examples:
  infinipot eval instructions --distillations 0,10,50 --out instructions.jsonl
      five rules, each at the beginning of a book, which is read until the pot has been distilled
      so often; then questions are asked, and a program sees whether the answers obey

  infinipot eval instructions --distillations 50 --protect-first 64 --out instructions.jsonl
      the same where the rule is never evicted

Lines are appended to --out, one for each rule and number of distillations.)";

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
        "instructions",
        "Sees whether rules given at the start are obeyed after many distillations");
    app.footer(examples);
    add_model_flags(app, run->method);
    add_text_flag(app, run->file,
                  "Text to read behind the rule, again and again if it is short\n"
                  "[samples/sherlock-holmes.txt]");
    add_counts(app, "--distillations", run->distillations, 0,
               "How often the pot is distilled before the questions; commas or again\n"
               "for more [0 10 50]");
    add_experiment_flags(app, run->out, run->method);
    add_session_flags(app, run->method);
    return {&app, [run] { run_instructions(*run); }};
}

}  // namespace infinipot::cli
