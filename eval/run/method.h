#pragma once

#include <string>
#include <vector>

#include "infinipot/infinipot.h"

namespace infinipot::eval {

/// A model and a way to read texts with it, as far as it is known before the questions are.
struct Method {
    std::string model = "tinyllama";
    ModelOptions model_options;
    SessionOptions session;            ///< without policy and catalyst
    std::string policy;                ///< spec; empty: the default, or the paper's
    std::string catalyst = "general";  ///< a name of catalysts(), "question", or a text
    std::string schedule;              ///< empty: the policy's
    std::string positions;             ///< empty: the policy's
    bool paper = false;                ///< the paper's settings, for all that is not set otherwise
    int n_parallel = 1;                ///< sessions at one time, in experiments of many items
};

/// Returns the session options that the method asks for. The catalyst "question" means `questions`.
/// @throws Error(invalid_argument) for a policy, schedule or positions that do not exist.
/// @throws Error(bad_text) if the catalyst is not UTF-8.
SessionOptions session_options(const Method& method, const std::vector<std::string>& questions);

/// Returns "native" or "ggml", whichever kernels compute where the model is.
std::string kernels_word(const ModelInfo& model, const ModelOptions& options);

}  // namespace infinipot::eval
