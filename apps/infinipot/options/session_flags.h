#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "eval/run/method.h"
#include "infinipot/infinipot.h"

/// The options that all commands share that read or answer.
namespace infinipot::cli {

inline constexpr const char* policy_help =
    "Policy NAME:option=value,... that 'infinipot policies' lists [infinipot]";

/// Return the words that --policy and --kv-type accept, and the help of --kv-type.
std::vector<std::string> policy_names();
std::vector<std::string> kv_type_names();
std::string kv_type_help();

void add_model_flags(CLI::App& app, eval::Method& method);
/// Returns the options whose values a pot stores: all but the threads.
std::vector<CLI::Option*> add_session_flags(CLI::App& app, eval::Method& method);
/// A pot that is there has its settings; others cannot be given to it.
/// @throws Error(invalid_argument) if one of the options was given
void refuse_settings(const std::vector<CLI::Option*>& settings, const std::string& pot);
void add_answer_flags(CLI::App& app, GenerateOptions& options);

}  // namespace infinipot::cli
