#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "eval/needle/experiment.h"
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
  infinipot eval needle --length 4096 --length 8192 --out needle.jsonl
      hides three pass keys at three depths of a book; killed and started again, it goes on)";

constexpr const char* notes = R"(More examples:
  infinipot eval needle --haystack war_and_peace.txt --haystack filler --length 8192 \
      --catalyst question --out needle.jsonl
      hides them in another book and in repeated sentences, and reads for the question

  infinipot eval needle --length 8192 --kind magic-number --needles 10 --out needle.jsonl
      hides ten needles in one text and asks ten questions about it

A line is appended to --out for each text. analysis/needle_table.py draws them.)";

void run_needle(const eval::NeedleRun& run) {
    if (run.lengths.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "there is no --length to test; see infinipot eval needle --help");
    }
    TerminalHost host(bars_for(run.method.n_parallel));
    eval::Experiment experiment(run.out, eval::is_needle_result, host);
    const std::vector<eval::NeedleText> texts = eval::needle_texts(run);
    eval::needle_options(run, texts.front());  // refuses a misspelt policy before loading the model
    const Model model = load_model(run.method);
    const eval::Haystacks haystacks = eval::read_haystacks(run, model);
    const auto items = eval::needle_items(run, texts, haystacks, model, host);
    experiment.run(items, eval::score_text, run.method.n_parallel);
    print(eval::needle_table(items, experiment));
}

}  // namespace

Command add_eval_needle(CLI::App& eval) {
    const auto run = std::make_shared<eval::NeedleRun>();
    CLI::App& app = *eval.add_subcommand(
        "needle", "Hides facts in a book and asks for them, one or many in one text");
    explain(app, examples, notes);
    add_model_flags(app, run->method);
    add_texts(app, "-f,--haystack", run->haystacks, "FILE",
              "Text to hide facts in, or filler (repeated sentences); repeat it for more "
              "[samples/sherlock-holmes.txt]")
        ->type_name(file_values);
    add_grid_flags(app, run->lengths, run->depths, run->n_keys, run->seed);
    add_choice(app, "--kind", run->kind, choices_of(eval::needle_kinds()),
               "Fact: pass-key (a number, stated twice), magic-number (a name's number, stated "
               "once) or sandwich (scored by ROUGE-1) [pass-key]");
    add_count(app, "--needles", run->n_needles, 1,
              "Magic numbers in one text, each with its question [1]");
    add_experiment_flags(app, run->out, run->method);
    add_session_flags(app, run->method);
    return {&app, [run] { run_needle(*run); }};
}

}  // namespace infinipot::cli
