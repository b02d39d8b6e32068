#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eval/run/method.h"

/// Options that several experiments share.
namespace infinipot::cli {

/// --file, the text to read.
void add_text_flag(CLI::App& app, std::string& file, const std::string& help);

/// --out, the file of results.
void add_out_flag(CLI::App& app, std::string& out, const std::string& help);

/// --length, the tokens of a text.
void add_length_flag(CLI::App& app, std::vector<int>& lengths, const std::string& help);

/// --items and --item-seed, the number of items and the seed that selects them.
void add_item_flags(CLI::App& app, int& n_items, std::uint32_t& seed, const std::string& help);

/// --length, --depth, --items and --item-seed: the grid of texts in which something is hidden.
void add_grid_flags(CLI::App& app, std::vector<int>& lengths, std::vector<double>& depths,
                    int& n_items, std::uint32_t& seed);

/// --tasks, the names of tasks.
void add_task_flag(CLI::App& app, std::vector<std::string>& tasks);

/// --out and --parallel, for experiments of many items.
void add_experiment_flags(CLI::App& app, std::string& out, eval::Method& method);

/// Returns the words of a table of names, for add_choice().
template <typename T>
std::vector<std::pair<std::string, T>> choices_of(
    std::span<const std::pair<std::string_view, T>> names) {
    return {names.begin(), names.end()};
}

}  // namespace infinipot::cli
