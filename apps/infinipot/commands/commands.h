#pragma once

#include <CLI/CLI.hpp>
#include <functional>

/// The commands of the program, one file each.
namespace infinipot::cli {

struct Command {
    CLI::App* app;
    std::function<void()> run;  ///< throws an Error if it fails
};

Command add_ask(CLI::App& program);
Command add_bench(CLI::App& program);
Command add_chat(CLI::App& program);
Command add_devices(CLI::App& program);
Command add_eval(CLI::App& program);
Command add_ingest(CLI::App& program);
Command add_inspect(CLI::App& program);
Command add_models(CLI::App& program);
Command add_policies(CLI::App& program);
Command add_pot(CLI::App& program);
Command add_pull(CLI::App& program);
Command add_remove(CLI::App& program);
Command add_requantize(CLI::App& program);

/// Experiments: commands of `eval`.
Command add_eval_compare(CLI::App& eval);
Command add_eval_instructions(CLI::App& eval);
Command add_eval_longbench(CLI::App& eval);
Command add_eval_metric_check(CLI::App& eval);
Command add_eval_needle(CLI::App& eval);
Command add_eval_passkey(CLI::App& eval);
Command add_eval_perplexity(CLI::App& eval);
Command add_eval_ruler(CLI::App& eval);

}  // namespace infinipot::cli
