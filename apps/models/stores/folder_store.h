#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "models/stores/stores.h"

namespace infinipot::models {

/// A store whose models are named after their paths: FOLDER/a/b.gguf is "PREFIX:a/b". A name may
/// lack the folders, "b", if only one model ends so.
class FolderStore final : public ModelSource {
   public:
    /// @param depth folders between `folders` and a file, at most
    FolderStore(std::string_view title, std::string_view prefix, Folders folders, int depth)
        : title_(title), prefix_(prefix), folders_(std::move(folders)), depth_(depth) {}

    std::string_view title() const override { return title_; }
    std::string_view prefix() const override { return prefix_; }
    std::vector<StoredModel> models() const override;
    std::optional<StoredModel> find(const std::string& name) const override;

   private:
    std::string full_name(const std::string& name) const;

    std::string_view title_;
    std::string_view prefix_;
    Folders folders_;
    int depth_;
};

}  // namespace infinipot::models
