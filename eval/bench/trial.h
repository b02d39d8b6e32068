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
    std::string text;    ///< the text whose reading is timed
    std::string question;
    int n_written = 0;  ///< timed tokens of an answer, after its first; 0: nothing is asked
};

/// Reads and generates in a session of its own. Returns numbers only, without those that could not
/// be measured.
/// @throws Error(does_not_fit) if the policy evicts nothing and the KV cache is full
/// @throws Error(interrupted)
nlohmann::ordered_json measure(const Model& model, const BenchTrial& trial, Host& host);

/// Returns the medians of several trials, number by number. There must be at least one trial.
nlohmann::ordered_json medians(const std::vector<nlohmann::ordered_json>& measured);

}  // namespace infinipot::eval
