#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "infinipot/infinipot.h"

/// The options that every command that reads or answers shares.
namespace infinipot::cli {

/// What the model and session options say, as far as it is known before the questions are.
struct SessionFlags {
    std::string model = "tinyllama";
    ModelOptions model_options;
    SessionOptions session;  ///< without policy and catalyst
    std::string policy;      ///< spec; empty: the default, or the preset's
    std::string catalyst = "general";
    std::string schedule;   ///< empty: the policy's
    std::string positions;  ///< likewise
    bool paper = false;     ///< the preset
    int n_parallel = 1;     ///< sessions at one time, in experiments of many items
};

void add_model_flags(CLI::App& app, SessionFlags& flags);
void add_session_flags(CLI::App& app, SessionFlags& flags);
void add_answer_flags(CLI::App& app, GenerateOptions& options);

/// Loads the model that the flags name.
Model load_model(const SessionFlags& flags);

/// "native" or "ggml", whichever computes where the model is.
std::string kernels_word(const ModelInfo& model, const ModelOptions& options);

/// The session options that the flags ask for; `--catalyst question` means `questions`.
/// @throws Error(invalid_argument) for a policy that does not exist.
SessionOptions session_options(const SessionFlags& flags,
                               const std::vector<std::string>& questions);

}  // namespace infinipot::cli
