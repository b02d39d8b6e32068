#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "eval/run/method.h"
#include "infinipot/infinipot.h"

/// What every experiment writes down about its session.
namespace infinipot::eval {

/// Returns all settings that decide a result, without the experiment's own.
nlohmann::ordered_json describe_session(const std::string& task, const Session& session,
                                        const Method& method);

/// Returns the budget as results spell it.
nlohmann::ordered_json budget_json(const Budget& budget);

/// Returns SessionOptions::focus as results spell it: a number or "automatic".
nlohmann::ordered_json focus_json(int focus);

/// Returns "end_of_answer", "max_tokens" or "pot_full".
std::string word(StopReason reason);

/// Returns "end_of_answer", "max_tokens" or "pot_full".
std::string word(StopReason reason);

/// Returns "end_of_answer", "max_tokens" or "pot_full".
std::string word(StopReason reason);

/// Returns the name of a file without its folders, which differ from machine to machine.
std::string file_name(const std::string& path);

/// Adds what was read, the time that it took, and what made the result without deciding it: version
/// and commit of the program, a fingerprint of the model file's size, beginning and end, device,
/// kernels, threads, batch, and how many sessions ran at one time.
void add_measurements(nlohmann::ordered_json& result, const Session& session, const Method& method);

}  // namespace infinipot::eval
