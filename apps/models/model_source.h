#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infinipot::models {

/// A model file on the disk and the name that stands for it.
struct StoredModel {
    std::string name;            ///< "tinyllama", "ollama:qwen2.5:1.5b"
    std::filesystem::path path;  ///< the file, or the first of several files
};

/// A store of models on the disk: our own folder or that of another program. Reading it changes
/// nothing. A store that is missing or cannot be read has no models. One file in stores/ each.
class ModelSource {
   public:
    virtual ~ModelSource() = default;

    /// Returns what the store is called in lists: "Ollama".
    virtual std::string_view title() const = 0;

    /// Returns the word before the colon in the names of its models: "ollama"; empty for our own.
    virtual std::string_view prefix() const = 0;

    /// Returns all models, sorted by name.
    virtual std::vector<StoredModel> models() const = 0;

    /// Returns the model with a name, which may have the prefix or not; nothing if there is none.
    virtual std::optional<StoredModel> find(const std::string& name) const = 0;
};

/// Returns a name without the prefix of a source, or nothing if it has the prefix of another one.
/// A name without any prefix is returned as it is.
std::optional<std::string> without_prefix(const std::string& name, const ModelSource& source);

}  // namespace infinipot::models
