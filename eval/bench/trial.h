#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "eval/run/host.h"
#include "infinipot/infinipot.h"

/// One measurement of `infinipot bench`.
namespace infinipot::eval {

struct BenchTrial {
    SessionOptions options;
    std::string before;  ///< read first, untimed
    std::string text;    ///< whose reading is timed
    std::string question;
    int n_written = 0;  ///< timed tokens of an answer, after its first; 0: nothing is asked
};

/// Reads and writes in a session of its own. Returns numbers only; one that could not be measured
/// is missing.
/// @throws Error(does_not_fit) if the policy evicts nothing and the pot is full;
/// Error(interrupted).
nlohmann::ordered_json measure(const Model& model, const BenchTrial& trial, Host& host);

/// Returns the medians of several trials, number by number. There must be one at least.
nlohmann::ordered_json medians(const std::vector<nlohmann::ordered_json>& measured);

}  // namespace infinipot::eval
