#pragma once

#include <filesystem>
#include <string_view>

namespace infinipot {

/// Writes the model `input` with its weights converted to `type`: f32, f16, bf16, q8_0, q6_k,
/// q5_k_m, q4_k_m or q4_0. `output` appears only when it is complete. Runs on `n_threads` threads;
/// 0 means one per core.
/// @throws Error(file_error) if a file cannot be read or written.
/// @throws Error(bad_model) if `input` is not a GGUF model or is damaged.
/// @throws Error(unsupported_model) if `input` needs something that is not implemented.
/// @throws Error(invalid_argument) if the type is unknown.
void requantize(const std::filesystem::path& input, const std::filesystem::path& output,
                std::string_view type, int n_threads = 0);

}  // namespace infinipot
