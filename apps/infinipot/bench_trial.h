#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "infinipot/infinipot.h"

/// One measurement of `infinipot bench`.
namespace infinipot::cli {

struct BenchTrial {
    SessionOptions options;
    std::string before;  ///< read first, untimed
    std::string text;    ///< whose reading is timed
    std::string question;
    int n_written =
        0;  ///< tokens of an answer that are timed, after its first; 0: nothing is asked
};

/// Reads and writes in a session of its own. Numbers only, and of one that could not be measured
/// there is none.
/// @throws Error(does_not_fit) if the policy evicts nothing and the pot is full;
/// Error(interrupted).
nlohmann::ordered_json measure(const Model& model, const BenchTrial& trial,
                               const std::function<void(const Progress&)>& on_progress);

/// The medians of several, number by number.
nlohmann::ordered_json medians(const std::vector<nlohmann::ordered_json>& measured);

}  // namespace infinipot::cli
