#include "models/stores/folder_store.h"

namespace infinipot::models {

SourcePtr lm_studio_store(Folders folders) {
    return std::make_unique<FolderStore>("LM Studio", lm_studio_prefix, std::move(folders), 2);
}

Folders lm_studio_folders(const Variables& variables) {
    return {variables.home(".lmstudio/models"), variables.home(".cache/lm-studio/models")};
}

}  // namespace infinipot::models
