#include <memory>
#include <string>
#include <vector>

#include "commands/commands.h"
#include "eval/bench/experiment.h"
#include "eval/bench/table.h"
#include "infinipot/infinipot.h"
#include "options/experiment_flags.h"
#include "options/option_types.h"
#include "options/session_flags.h"
#include "report/report.h"
#include "terminal/host.h"
#include "terminal/output.h"

namespace infinipot::cli {
namespace {

constexpr const char* examples = R"(Examples:
  infinipot bench
      a minute or so: how fast the program reads and writes here

  infinipot bench --policy infinipot --policy h2o --capacity 512,1024 --length 2048 --out b.jsonl
      four rows; killed and started again, it goes on

  infinipot bench --kv-type f16,q8_0,q4_0 --capacity 2048
      what smaller numbers in the pot cost

  infinipot bench --depth 0,8192,32768 --length 512
      how fast 512 tokens are read when so many have been read before

Columns: tokens read and written per second; of the time of reading, the shares of catalyst,
novelty (surprisal), selection and gathering; TTFT, from the question to its first token; the
bytes of the pot; the most memory held during the row, the model's included. GFLOP/s is the
arithmetic of the text's tokens over all the time of reading, GB/s the weights and entries that
each written token needs. The first lines say what the machine was measured to do with as many
threads, to compare them with.)";

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

/// The options of a session that a grid takes several values of.
void add_bench_grid_flags(CLI::App& app, eval::BenchRun& run) {
    const std::string group = "Grid: commas or the option again for more values; every combination";
    for (const char* single : {"--policy", "--capacity", "--kv-type", "--batch", "--threads"}) {
        app.remove_option(app.get_option(single));
    }
    app.add_option("--policy", run.policies,
                   "Which entries survive: name:option=value,... [infinipot:novelty=0.5];\n"
                   "again for more policies")
        ->type_name("value")
        ->option_text("SPEC ...")
        ->group(group);
    add_counts(app, "--capacity", run.capacities, 1,
               "Entries of the pot [1024, or the model's window if that is less]")
        ->group(group);
    app.add_option("--kv-type", run.kv_types,
                   "How the pot stores numbers: f16, bf16, q8_0, q4_0 [f16]")
        ->type_name("value")
        ->option_text("TYPE ...")
        ->delimiter(',')
        ->group(group);
    add_counts(app, "--depth", run.depths, 0, "Tokens read before, untimed [0]")->group(group);
    add_counts(app, "--length", run.lengths, 1, "Tokens whose reading is timed [512 1536]")
        ->group(group);
    add_counts(app, "--batch", run.batches, 1, "Tokens per forward pass while reading [512]")
        ->group(group);
    add_counts(app, "--threads", run.threads, 1, "Threads [one per core, at most 8]")->group(group);
}

}  // namespace

Command add_bench(CLI::App& program) {
    const auto run = std::make_shared<BenchCommand>();
    CLI::App& app =
        *program.add_subcommand("bench", "Measures how fast texts are read and answers written");
    app.footer(examples);
    add_model_flags(app, run->grid.method);
    add_text_flag(app, run->grid.file,
                  "Text to read, in UTF-8, again and again if it is shorter than\n"
                  "asked for [samples/sherlock-holmes.txt]");
    add_count(
        app, "--generate", run->grid.n_written, 0,
        "Tokens to write after the first of an answer, to see how fast;\n0: no question [32]");
    add_count(app, "--repeat", run->grid.n_repeat, 1,
              "Measurements per row, which tells medians [1]");
    add_out_flag(app, run->grid.out, "JSONL file to append rows to, and to go on from");
    app.add_flag("--json", run->json, "Print a JSON array of rows instead of the table");
    add_session_flags(app, run->grid.method);
    add_bench_grid_flags(app, run->grid);
    return {&app, [run] { run_bench(*run); }};
}

}  // namespace infinipot::cli
