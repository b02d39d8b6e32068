#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace infinipot::models {

/// Facts in the header of a model file. Numbers that it does not say, or that only a supported
/// architecture has, are 0.
struct ModelFacts {
    std::string architecture;      ///< general.architecture; empty if the file cannot be read
    std::string weight_type;       ///< of most weights, as llama.cpp names it: "Q4_K_M"
    std::uint64_t file_bytes = 0;  ///< of all parts
    int n_ctx_train = 0;           ///< window, in tokens
    std::size_t entry_bytes = 0;   ///< of one entry of an F16 KV cache, over all layers and heads
    int entries_per_gib = 0;       ///< of that cache, with what local layers keep next to it
    std::string problem;  ///< why the model cannot be run, a sentence; empty: nothing known
};

/// Reads the header of a model file and no weights.
ModelFacts read_facts(const std::filesystem::path& path);

}  // namespace infinipot::models
