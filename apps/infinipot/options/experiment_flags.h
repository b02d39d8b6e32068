#pragma once

#include <CLI/CLI.hpp>
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

/// --length, --depth, --keys and --key-seed: the grid of texts that hide something.
struct GridHelp {
    std::string depth;  ///< what stands at a depth: "key"
    std::string keys;   ///< what there are so many of
    std::string seed;   ///< of what --key-seed is the seed
};
void add_grid_flags(CLI::App& app, std::vector<int>& lengths, std::vector<double>& depths,
                    int& n_keys, std::uint32_t& seed, const GridHelp& help);

/// --out and --parallel, of experiments of many items.
void add_experiment_flags(CLI::App& app, std::string& out, eval::Method& method);

/// The words of a table of names, for add_choice().
template <typename T>
std::vector<std::pair<std::string, T>> choices_of(
    std::span<const std::pair<std::string_view, T>> names) {
    return {names.begin(), names.end()};
}

}  // namespace infinipot::cli
