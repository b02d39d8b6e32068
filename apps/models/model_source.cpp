#include "models/model_source.h"

#include "models/stores/stores.h"

namespace infinipot::models {

std::optional<std::string> without_prefix(const std::string& name, const ModelSource& source) {
    const std::size_t colon = name.find(':');
    if (colon == std::string::npos) return name;
    const std::string word = name.substr(0, colon);
    if (!word.empty() && word == source.prefix()) return name.substr(colon + 1);
    for (const std::string_view other : prefixes)
        if (word == other) return std::nullopt;
    return name;
}

}  // namespace infinipot::models
