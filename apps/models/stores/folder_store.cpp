#include "models/stores/folder_store.h"

#include <algorithm>

#include "models/stores/gguf_files.h"

namespace infinipot::models {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view ending = ".gguf";

std::string name_in(const fs::path& folder, const fs::path& file) {
    const auto name = parse_gguf_name(file.lexically_relative(folder).generic_string());
    return name ? name->stem : std::string();
}

}  // namespace

std::string FolderStore::full_name(const std::string& name) const {
    return prefix_.empty() ? name : std::string(prefix_) + ':' + name;
}

std::vector<StoredModel> FolderStore::models() const {
    std::vector<StoredModel> all;
    for (const fs::path& folder : folders_)
        for (const fs::path& file : model_files(folder, depth_)) {
            const std::string name = full_name(name_in(folder, file));
            if (std::ranges::find(all, name, &StoredModel::name) == all.end())
                all.push_back({name, file});
        }
    std::ranges::sort(all, {}, &StoredModel::name);
    return all;
}

std::optional<StoredModel> FolderStore::find(const std::string& given) const {
    auto name = without_prefix(given, *this);
    if (!name || name->empty()) return std::nullopt;
    if (std::string_view(*name).ends_with(ending)) name->resize(name->size() - ending.size());
    std::vector<StoredModel> ends_so;
    for (StoredModel& model : models()) {
        if (model.name == full_name(*name)) return std::move(model);
        if (model.name.ends_with('/' + *name)) ends_so.push_back(std::move(model));
    }
    if (ends_so.size() != 1) return std::nullopt;
    return std::move(ends_so.front());
}

}  // namespace infinipot::models
