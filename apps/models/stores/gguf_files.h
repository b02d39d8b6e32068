#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// GGUF files and what their names say.
namespace infinipot::models {

/// The parts of the name of a model file: "Qwen3-8B-Q4_K_M-00001-of-00002.gguf".
struct GgufName {
    std::string stem;  ///< without part and .gguf: "Qwen3-8B-Q4_K_M"
    std::string type;  ///< its last word in capitals, "Q4_K_M"; empty without one
    int part = 1;      ///< from 1
    int n_parts = 1;
};

/// Returns the parts of the name of a model's file; nothing if it is none. Vision projectors,
/// importance matrices and draft models are no models. A folder before the name is kept in `stem`.
std::optional<GgufName> parse_gguf_name(std::string_view name);

/// Returns the name of a part, from 1: "STEM-00001-of-00002.gguf", or "STEM.gguf" of one.
std::string part_name(const GgufName& name, int part);

/// Returns the model files at most `depth` folders below `folder`, sorted; of a model in several
/// files the first. Names that begin with a dot are left out.
std::vector<std::filesystem::path> model_files(const std::filesystem::path& folder, int depth);

}  // namespace infinipot::models
