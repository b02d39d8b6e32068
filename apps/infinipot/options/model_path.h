#pragma once

#include <filesystem>
#include <string>

namespace infinipot::cli {

/// Returns the folder in which scripts/fetch-model puts models: $INFINIPOT_CACHE, else
/// $XDG_CACHE_HOME/infinipot, else ~/.cache/infinipot.
std::filesystem::path model_cache();

/// Returns the model file with a name: the file of that name, else NAME.gguf in the cache.
/// @throws Error(file_error) if there is neither
std::filesystem::path find_model(const std::string& name);

}  // namespace infinipot::cli
