#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "eval/run/method.h"
#include "infinipot/infinipot.h"

/// The settings and measurements of a session that every experiment writes into its results.
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

/// Adds the measurements of a session: tokens read, and times. Adds also the conditions that do not
/// decide the result. These are version and commit of the program, a fingerprint of the model file,
/// device, kernels, threads, batch, and the number of sessions at one time. The fingerprint covers
/// the file's size, beginning and end.
void add_measurements(nlohmann::ordered_json& result, const Session& session, const Method& method);

}  // namespace infinipot::eval
