#include "options/experiment_flags.h"

#include "options/option_types.h"

namespace infinipot::cli {

void add_text_flag(CLI::App& app, std::string& file, const std::string& help) {
    app.add_option("-f,--file", file, help)->type_name("value")->option_text("FILE");
}

void add_out_flag(CLI::App& app, std::string& out, const std::string& help) {
    app.add_option("--out", out, help)->type_name("value")->option_text("FILE");
}

void add_grid_flags(CLI::App& app, std::vector<int>& lengths, std::vector<double>& depths,
                    int& n_keys, std::uint32_t& seed, const GridHelp& help) {
    add_counts(app, "--length", lengths, 1, "Tokens of the text; again for more lengths");
    add_numbers(app, "--depth", depths, 0, 1,
                "Where the " + help.depth +
                    " stands, 0 for the start, 1 for the end; again for\nmore depths "
                    "[0.1 0.5 0.9]");
    add_count(app, "--keys", n_keys, 1, help.keys + " per length and depth [3]");
    add_count(app, "--key-seed", seed, "Seed of the " + help.seed + " [1]");
}

void add_experiment_flags(CLI::App& app, std::string& out, eval::Method& method) {
    add_out_flag(app, out, "JSONL file to append results to, and to go on from");
    add_count(app, "--parallel", method.n_parallel, 1,
              "Items measured at one time, each by a session of its own with its\n"
              "share of the threads; they slow each other down [1]");
}

}  // namespace infinipot::cli
