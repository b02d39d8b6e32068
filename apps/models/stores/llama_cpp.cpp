#include "models/stores/folder_store.h"

namespace infinipot::models {

SourcePtr llama_cpp_store(Folders folders) {
    return std::make_unique<FolderStore>("llama.cpp", llama_cpp_prefix, std::move(folders), 0);
}

Folders llama_cpp_folders(const Variables& variables) {
    const auto own = variables.folder("LLAMA_CACHE");
    return {own.empty() ? variables.cache("llama.cpp") : own};
}

}  // namespace infinipot::models
