#include "models/variables.h"

#include <cstdlib>

namespace infinipot::models {

namespace fs = std::filesystem;

std::string Variables::text(const std::string& name) const {
    if (values_) {
        const auto found = values_->find(name);
        return found == values_->end() ? "" : found->second;
    }
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? "" : value;
}

fs::path Variables::home(const fs::path& below) const {
    const fs::path home = folder("HOME");
    return home.empty() ? fs::path() : home / below;
}

fs::path Variables::cache(const fs::path& name) const {
    if (const fs::path caches = folder("XDG_CACHE_HOME"); !caches.empty()) return caches / name;
    return home(fs::path(".cache") / name);
}

fs::path model_folder(const Variables& variables) {
    if (const fs::path own = variables.folder("INFINIPOT_CACHE"); !own.empty()) return own;
    return variables.cache("infinipot");
}

}  // namespace infinipot::models
