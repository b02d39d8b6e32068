#pragma once

#include <string>
#include <vector>

#include "models/variables.h"

namespace infinipot::models {

/// Removes models of our own folder, and unfinished downloads of them. Returns a line for each
/// thing that is gone. Nothing is removed if one of the names is refused.
/// @throws Error(file_error) if there is no such model, another program owns it, or it cannot be
/// removed.
std::vector<std::string> remove_models(const std::vector<std::string>& names,
                                       const Variables& variables);

}  // namespace infinipot::models
