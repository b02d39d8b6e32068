#include "options/model_path.h"

#include <cstdlib>
#include <string_view>

#include "infinipot/error.h"

namespace infinipot::cli {
namespace {

namespace fs = std::filesystem;

fs::path folder_in(const char* variable) {
    const char* value = std::getenv(variable);
    return value == nullptr ? "" : value;
}

bool looks_like_path(const std::string& name) {
    return name.find('/') != std::string::npos || std::string_view(name).ends_with(".gguf");
}

}  // namespace

fs::path model_cache() {
    if (fs::path cache = folder_in("INFINIPOT_CACHE"); !cache.empty()) return cache;
    if (fs::path cache = folder_in("XDG_CACHE_HOME"); !cache.empty()) {
        return cache / "infinipot";
    }
    return folder_in("HOME") / ".cache" / "infinipot";
}

fs::path find_model(const std::string& name) {
    std::error_code ignored;
    if (fs::exists(name, ignored)) return name;
    if (looks_like_path(name)) {
        throw Error(ErrorCode::file_error, "there is no model file \"" + name + '"');
    }
    fs::path cached = model_cache() / (name + ".gguf");
    if (fs::exists(cached, ignored)) return cached;
    throw Error(ErrorCode::file_error,
                "there is no model \"" + name + "\", neither as a file nor as " + cached.string() +
                    "; run scripts/fetch-model tinyllama, or give the path of a GGUF file");
}

}  // namespace infinipot::cli
