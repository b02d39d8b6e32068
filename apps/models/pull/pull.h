#pragma once

#include <filesystem>
#include <string>

#include "models/pull/watch.h"
#include "models/variables.h"

namespace infinipot::models {

/// Gets a model by its name and returns its file. Does nothing if it is there.
/// @throws Error(invalid_argument) if no model has that name; the sentence lists the names.
/// @throws Error(file_error) if it cannot be got.
/// @throws what `watch` throws.
std::filesystem::path pull(const std::string& name, const Variables& variables, PullWatch& watch);

}  // namespace infinipot::models
