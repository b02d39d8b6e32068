#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "eval/passkey/experiment.h"
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
  infinipot eval passkey --length 4096 --length 8192 --catalyst question --out passkey.jsonl
      hides three keys at three depths of two lengths; killed and started again, it goes on

  infinipot eval passkey --length 1024 --policy full
      measures the model without eviction)";

constexpr const char* notes =
    R"(A line is appended to --out for each key. analysis/needle_table.py makes one table of them all.)";

void run_passkey(const eval::PasskeyRun& run) {
    if (run.lengths.empty()) {
        throw Error(ErrorCode::invalid_argument,
                    "there is no --length to test; see infinipot eval passkey --help");
    }
    TerminalHost host(bars_for(run.method.n_parallel));
    eval::Experiment experiment(run.out, eval::is_passkey_result, host);
    eval::passkey_options(run);  // refuses a misspelt policy before the model is loaded
    const Model model = load_model(run.method);
    const auto items = eval::passkey_items(run, model, host);
    experiment.run(items, eval::passkey_outcome, run.method.n_parallel);
    print(eval::passkey_table(items, experiment));
}

}  // namespace

Command add_eval_passkey(CLI::App& eval) {
    const auto run = std::make_shared<eval::PasskeyRun>();
    CLI::App& app = *eval.add_subcommand(
        "passkey", "Hides a number in a long text and asks for it (Mohtashami & Jaggi 2023)");
    explain(app, examples, notes);
    add_model_flags(app, run->method);
    add_grid_flags(app, run->lengths, run->depths, run->n_keys, run->seed);
    add_choice(app, "--format", run->format, choices_of(eval::passkey_formats()),
               "Text: landmark (lines of garbage, cut anywhere), llama.cpp (one line) or "
               "infinitebench (a line for each repetition) [landmark]");
    add_experiment_flags(app, run->out, run->method);
    add_session_flags(app, run->method);
    return {&app, [run] { run_passkey(*run); }};
}

}  // namespace infinipot::cli
