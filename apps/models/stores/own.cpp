#include "models/stores/folder_store.h"

namespace infinipot::models {

SourcePtr own_store(const std::filesystem::path& folder) {
    return std::make_unique<FolderStore>("InfiniPot", "", Folders{folder}, 0);
}

}  // namespace infinipot::models
