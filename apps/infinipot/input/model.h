#pragma once

#include "eval/run/method.h"
#include "infinipot/model.h"

namespace infinipot::cli {

/// Loads the model that the method names. It is got first if it is not here and the method wants
/// that, with its progress on standard error.
/// @throws as ModelLibrary::resolve(), pull() and Model::load()
/// @throws Error(interrupted)
Model load_model(const eval::Method& method);

}  // namespace infinipot::cli
