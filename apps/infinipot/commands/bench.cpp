#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "eval/bench/experiment.h"
#include "eval/bench/table.h"
#include "infinipot/infinipot.h"
#include "input/model.h"
#include "options/describe.h"
#include "options/experiment_flags.h"
#include "options/names.h"
#include "options/option_types.h"
#include "options/session_flags.h"
#include "report/report.h"
#include "terminal/host.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

constexpr const char* examples = R"(Examples:
  infinipot bench
      measures in about a minute how fast texts are read and answers generated here

  infinipot bench --policy infinipot --policy h2o --capacity 512,1024 --length 2048 --out b.jsonl
      measures four rows; killed and started again, it goes on)";

constexpr const char* notes = R"(More examples:
  infinipot bench --kv-type f16,q8_0,q4_0 --capacity 2048
      compares the types of the numbers in the KV cache

  infinipot bench --depth 0,8192,32768 --length 512
      measures how fast 512 tokens are read after so many others

Columns: tokens read and generated per second; shares of the reading time that the catalyst,
surprisal, selection and gathering take; TTFT, the time from the question to its first token; bytes
of the KV cache; most memory held during the row, the model's included. GFLOP/s is the arithmetic of
the text's tokens over all the reading time. GB/s is the weights and entries that each generated
token needs. The first lines show what the machine reached with as many threads, for comparison.)";

struct BenchCommand {
    eval::BenchRun grid;
    bool json = false;
};

void run_bench(const BenchCommand& command) {
    TerminalHost host(TerminalHost::Bars::always);
    eval::Results results(command.grid.out, eval::is_bench_row);
    const Model model = load_model(command.grid.method);
    eval::Bench bench(command.grid, model, results, host);
    bench.run();
    const auto rows = bench.results();
    print(command.json ? print_json(rows) : eval::bench_table(rows));
}

/// Options of a session that take several values in a grid.
void add_bench_grid_flags(CLI::App& app, eval::BenchRun& run) {
    const std::string group = "Grid (repeat an option, or put commas, for more values)";
    for (const char* single : {"--policy", "--capacity", "--kv-type", "--batch", "--threads"}) {
        app.remove_option(app.get_option(single));
    }
    CLI::Option* policy = add_texts(app, names::policy, run.policies, "SPEC ...", policy_help);
    suggest(*policy->group(group), policy_names());
    add_counts(app, names::capacity, run.capacities, 1,
               "Entries of the KV cache [1024, or the model's window if that is less]")
        ->group(group);
    CLI::Option* kv_type = add_texts(app, names::kv_type, run.kv_types, "TYPE ...", kv_type_help());
    suggest(*kv_type->delimiter(',')->group(group), kv_type_names());
    add_counts(app, "-d,--depth", run.depths, 0, "Tokens read before, untimed [0]")->group(group);
    add_counts(app, "--length", run.lengths, 1, "Tokens whose reading is timed [512 1536]")
        ->group(group);
    add_counts(app, names::batch, run.batches, 1,
               "Tokens per forward pass while a text is read [512]")
        ->group(group);
    add_counts(app, names::threads, run.threads, 1, "Threads [one per core, at most 8]")
        ->group(group);
}

}  // namespace

Command add_bench(CLI::App& program) {
    const auto run = std::make_shared<BenchCommand>();
    CLI::App& app =
        *program.add_subcommand("bench", "Measures how fast texts are read and answers generated");
    explain(app, examples, notes);
    add_model_flags(app, run->grid.method);
    add_file(app, names::file, run->grid.file,
             "Text to read, repeated if it is short [samples/sherlock-holmes.txt]");
    add_count(app, "-n,--generate", run->grid.n_written, 0,
              "Tokens to generate after an answer's first; 0 asks no question [32]");
    add_count(app, "-r,--repeat", run->grid.n_repeat, 1,
              "Measurements of each row, whose median is shown [1]");
    add_file(app, names::out, run->grid.out, "JSONL file to append rows to, and to go on from");
    app.add_flag("--json", run->json, "Print a JSON array of rows instead of the table");
    add_session_flags(app, run->grid.method);
    add_bench_grid_flags(app, run->grid);
    return {&app, [run] { run_bench(*run); }};
}

}  // namespace infinipot::cli
