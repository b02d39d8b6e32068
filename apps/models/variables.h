#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace infinipot::models {

/// Environment variables: those of the process, or others that a test gives.
class Variables {
   public:
    Variables() = default;
    explicit Variables(std::map<std::string, std::string> values) : values_(std::move(values)) {}

    /// Returns the value of a variable; empty if it is not set.
    std::string text(const std::string& name) const;
    std::filesystem::path folder(const std::string& name) const { return text(name); }

    /// Returns $HOME, and `below` it; empty without a home.
    std::filesystem::path home(const std::filesystem::path& below) const;

    /// Returns the folder `name` of caches: in $XDG_CACHE_HOME, else in ~/.cache.
    std::filesystem::path cache(const std::filesystem::path& name) const;

   private:
    std::optional<std::map<std::string, std::string>> values_;
};

/// Returns the folder of our own models: $INFINIPOT_CACHE, else $XDG_CACHE_HOME/infinipot, else
/// ~/.cache/infinipot.
std::filesystem::path model_folder(const Variables& variables);

}  // namespace infinipot::models
