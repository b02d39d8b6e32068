#pragma once

#include <string>
#include <vector>

#include "infinipot/infinipot.h"

namespace infinipot::eval {

/// A model and all settings of reading and answering, as far as they are known before the
/// questions.
struct Method {
    std::string model;        ///< file or name
    bool gets_model = false;  ///< whether the model may be loaded from the network
    ModelOptions model_options;
    SessionOptions session;            ///< without policy and catalyst
    std::string policy;                ///< spec; empty: the default, or the paper's
    std::string catalyst = "general";  ///< a name of catalysts(), "question", or a prompt
    std::string schedule;              ///< empty: the policy's
    std::string positions;             ///< empty: the policy's
    bool paper = false;                ///< use the paper's values for settings that are not set
    int n_parallel = 1;                ///< sessions at one time, for experiments of many items
};

/// Returns the session options of the method. The catalyst "question" stands for `questions`.
/// @throws Error(invalid_argument) for a policy, schedule or positions that do not exist
/// @throws Error(bad_text) if the catalyst is not UTF-8
SessionOptions session_options(const Method& method, const std::vector<std::string>& questions);

/// Returns "native" or "ggml", the kernels that compute on the model's device.
std::string kernels_word(const ModelInfo& model, const ModelOptions& options);

}  // namespace infinipot::eval
