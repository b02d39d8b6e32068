#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "eval/run/method.h"
#include "infinipot/infinipot.h"

/// The rows of `infinipot bench`: every combination of the values that were asked for.
namespace infinipot::eval {

/// The question behind every text.
constexpr std::string_view bench_question = "What is this text about?";

/// Values of the grid, and the settings that all its rows share. An empty list stands for the
/// default.
struct BenchRun {
    static constexpr int default_capacity = 1024;

    std::vector<std::string> policies;
    /// Entries. An empty list means default_capacity, or the model's window if that is smaller.
    std::vector<int> capacities;
    std::vector<int> depths = {0};
    std::vector<int> lengths = {512, 1536};
    std::vector<std::string> kv_types;
    std::vector<int> batches;
    std::vector<int> threads;
    std::string file = "samples/sherlock-holmes.txt";
    int n_written = 32;
    int n_repeat = 1;
    std::string out;
    Method method;
};

/// One row of the table.
struct BenchRow {
    SessionOptions options;
    std::size_t depth = 0;   ///< tokens that are read first
    std::size_t length = 0;  ///< tokens whose reading is timed
    nlohmann::ordered_json described =
        {};  ///< all settings that decide the result, and the "id" made of them
};

/// Returns every row once, with its automatic values filled in.
/// @throws as make_policy() and Session, before anything is measured
std::vector<BenchRow> bench_rows(const BenchRun& run, const Model& model);

/// Returns a title that distinguishes a row from the others, for people.
std::string title_of(const BenchRow& row);

}  // namespace infinipot::eval
