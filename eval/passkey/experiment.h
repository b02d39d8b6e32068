#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eval/passkey/passkey.h"
#include "eval/run/experiment.h"
#include "eval/run/method.h"

/// The experiment of `infinipot eval passkey`: one text for each length, depth and key.
namespace infinipot::eval {

struct PasskeyRun {
    std::vector<int> lengths;
    std::vector<double> depths = {0.1, 0.5, 0.9};
    int n_keys = 3;
    std::uint32_t seed = 1;
    PasskeyFormat format = PasskeyFormat::landmark;
    std::string out;
    Method method;
};

/// Returns the names of the formats.
std::span<const std::pair<std::string_view, PasskeyFormat>> passkey_formats();

/// Returns the session options of all texts.
/// @throws as session_options()
SessionOptions passkey_options(const PasskeyRun& run);

/// Returns one item for each length, depth and key. They refer to all three arguments.
/// @throws as Session
std::vector<ExperimentItem> passkey_items(const PasskeyRun& run, const Model& model, Host& host);

/// Returns whether a result has all that passkey_table() reads.
bool is_passkey_result(const Experiment::Json& result);

/// Returns "found" or "not found".
std::string passkey_outcome(const Experiment::Json& result);

/// Returns a table with the number of keys that were found at each length and depth.
std::string passkey_table(const std::vector<ExperimentItem>& items, const Experiment& experiment);

}  // namespace infinipot::eval
