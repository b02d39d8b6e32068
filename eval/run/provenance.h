#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "eval/run/method.h"
#include "infinipot/infinipot.h"

/// What every experiment writes down about its session.
namespace infinipot::eval {

/// Returns all settings that decide a result, without the experiment's own.
nlohmann::ordered_json describe_session(const std::string& task, const Model& model,
                                        const ResolvedOptions& options, const Method& method);

/// Returns the budget as results spell it.
nlohmann::ordered_json budget_json(const ResolvedBudget& budget);

/// Returns the answer budget as results spell it: a number, 0 for all, or "automatic".
nlohmann::ordered_json answer_budget_json(AnswerBudget budget);

/// Returns "end_of_answer", "max_tokens" or "pot_full".
std::string word(StopReason reason);

/// Returns the name of a file without its folders, which differ from machine to machine.
std::string file_name(const std::string& path);

/// Adds what was read, the time that it took, and what made the result without deciding it: version
/// and commit of the program, a fingerprint of the model file's size, beginning and end, device,
/// kernels, threads, batch, and how many sessions ran at one time.
void add_measurements(nlohmann::ordered_json& result, const Session& session, const Method& method);

}  // namespace infinipot::eval
