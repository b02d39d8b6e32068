#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/stores/stores.h"

namespace infinipot::models {

/// All models that can be named: those in our own folder, in the stores of other programs and in
/// the catalogue. Reading it changes nothing on the disk.
class ModelLibrary {
   public:
    explicit ModelLibrary(std::vector<SourcePtr> sources) : sources_(std::move(sources)) {}

    /// Returns the library of a user: our own folder, then every other store.
    static ModelLibrary of(const Variables& variables = {});

    const std::vector<SourcePtr>& sources() const { return sources_; }

    /// Returns the file of a model. `name` is the path of a file, which always wins, or the name of
    /// a model in one of the sources, the first of which wins.
    /// @throws Error(file_error) with the names that exist and the way to get more.
    std::filesystem::path resolve(const std::string& name) const;

    /// Returns the file of a model that a source has; empty if none has.
    std::filesystem::path find(const std::string& name) const;

   private:
    [[noreturn]] void refuse(const std::string& name) const;

    std::vector<SourcePtr> sources_;
};

}  // namespace infinipot::models
