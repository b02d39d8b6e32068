#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

namespace infinipot {

/// Returns the weight types that requantize() knows, largest first: `f32`, `f16`, ..., `q4_0`.
std::vector<std::string_view> weight_types();

/// Writes the model `input` with its weights converted to `type`, one of weight_types(). `output`
/// appears only when it is complete. Runs on `n_threads` threads; 0 means one per core.
/// @throws Error(file_error) if a file cannot be read or written.
/// @throws Error(bad_model) if `input` is not a GGUF model or is damaged.
/// @throws Error(unsupported_model) if `input` needs something that is not implemented.
/// @throws Error(invalid_argument) if the type is unknown.
void requantize(const std::filesystem::path& input, const std::filesystem::path& output,
                std::string_view type, int n_threads = 0);

}  // namespace infinipot
