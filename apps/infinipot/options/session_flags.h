#pragma once

#include <CLI/CLI.hpp>

#include "eval/run/method.h"
#include "infinipot/infinipot.h"

/// The options that every command that reads or answers shares.
namespace infinipot::cli {

void add_model_flags(CLI::App& app, eval::Method& method);
void add_session_flags(CLI::App& app, eval::Method& method);
void add_answer_flags(CLI::App& app, GenerateOptions& options);

/// Loads the model that the method names.
/// @throws as find_model() and Model::load()
Model load_model(const eval::Method& method);

}  // namespace infinipot::cli
