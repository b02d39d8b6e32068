#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "models/model_source.h"
#include "models/variables.h"

/// The stores that are known. Each takes its folders, which *_folders() derive from the
/// environment; a folder that is not there has no models.
namespace infinipot::models {

using SourcePtr = std::unique_ptr<const ModelSource>;
using Folders = std::vector<std::filesystem::path>;

inline constexpr std::string_view ollama_prefix = "ollama";
inline constexpr std::string_view lm_studio_prefix = "lmstudio";
inline constexpr std::string_view llama_cpp_prefix = "llama.cpp";
inline constexpr std::string_view hub_prefix = "hf";
inline constexpr std::array prefixes = {ollama_prefix, lm_studio_prefix, llama_cpp_prefix,
                                        hub_prefix};

/// Our own models: NAME.gguf in the folder.
SourcePtr own_store(const std::filesystem::path& folder);

/// Ollama's store: manifests/HOST/NAMESPACE/MODEL/TAG names a file in blobs/.
SourcePtr ollama_store(Folders folders);
Folders ollama_folders(const Variables& variables);

/// LM Studio's folders: PUBLISHER/REPOSITORY/FILE.gguf.
SourcePtr lm_studio_store(Folders folders);
Folders lm_studio_folders(const Variables& variables);

/// llama.cpp's cache folder: FILE.gguf.
SourcePtr llama_cpp_store(Folders folders);
Folders llama_cpp_folders(const Variables& variables);

/// The cache of Hugging Face's Hub: models--USER--REPO/snapshots/COMMIT/FILE.gguf.
SourcePtr hub_store(Folders folders);
Folders hub_folders(const Variables& variables);

}  // namespace infinipot::models
