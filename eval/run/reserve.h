#pragma once

#include <string>
#include <vector>

#include "infinipot/infinipot.h"

/// A text may fill the pot up to its reserve, in which a question and its answer must then fit.
namespace infinipot::eval {

/// Tokens of the longest of the questions, all that stands around it, and an answer of `n_answer`.
int n_asked(const Model& model, const std::vector<std::string>& questions, int n_answer);

/// Raises a reserve that was not asked for to `n_tokens`, as far as leaves half of what may be new
/// between two distillations.
/// @throws as Session
void raise_reserve(const Model& model, int n_tokens, SessionOptions& options);

}  // namespace infinipot::eval
