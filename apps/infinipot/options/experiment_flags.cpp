#include "options/experiment_flags.h"

#include "options/names.h"
#include "options/option_types.h"

namespace infinipot::cli {

void add_text_flag(CLI::App& app, std::string& file, const std::string& help) {
    add_file(app, names::file, file, help);
}

void add_out_flag(CLI::App& app, std::string& out, const std::string& help) {
    add_file(app, names::out, out, help);
}

void add_length_flag(CLI::App& app, std::vector<int>& lengths, const std::string& help) {
    add_counts(app, "--length", lengths, 1, help);
}

void add_item_flags(CLI::App& app, int& n_items, std::uint32_t& seed, const std::string& help) {
    add_count(app, "--items", n_items, 1, help);
    add_count(app, "--item-seed", seed, "Seed that chooses the items [1]");
}

void add_grid_flags(CLI::App& app, std::vector<int>& lengths, std::vector<double>& depths,
                    int& n_items, std::uint32_t& seed) {
    add_length_flag(app, lengths, "Tokens of the text; repeat it for more lengths");
    add_numbers(app, "--depth", depths, 0, 1,
                "Place from 0 (start) to 1 (end); repeat it for more [0.1 0.5 0.9]");
    add_item_flags(app, n_items, seed, "Items of each length and depth [3]");
}

void add_task_flag(CLI::App& app, std::vector<std::string>& tasks) {
    add_texts(app, "--tasks", tasks, "TASK,...",
              "Tasks, with commas between them [all whose data is there]")
        ->delimiter(',');
}

void add_experiment_flags(CLI::App& app, std::string& out, eval::Method& method) {
    add_out_flag(app, out, "JSONL file to append results to, and to go on from");
    add_count(app, "--parallel", method.n_parallel, 1,
              "Items measured at one time; they share the threads [1]");
}

}  // namespace infinipot::cli
