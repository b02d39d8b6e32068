#include "support/cached_model.h"

#include <cstdlib>

namespace infinipot {

std::filesystem::path cached_model(std::string_view file_name) {
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return std::filesystem::path(value == nullptr ? "" : value);
    };
    const auto folder = [&]() -> std::filesystem::path {
        if (const auto own = variable("INFINIPOT_CACHE"); !own.empty()) return own;
        if (const auto xdg = variable("XDG_CACHE_HOME"); !xdg.empty()) return xdg / "infinipot";
        return variable("HOME") / ".cache" / "infinipot";
    };
    return folder() / file_name;
}

}  // namespace infinipot
