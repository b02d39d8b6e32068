#pragma once

#include <filesystem>
#include <string_view>

#include "support/temp_dir.h"

namespace infinipot::models {

/// Writes a file below a folder, with the folders on the way.
inline std::filesystem::path put(const TempDir& folder, const std::filesystem::path& name,
                                 std::string_view bytes = "weights") {
    std::filesystem::create_directories((folder.path() / name).parent_path());
    return folder.write(name.string(), bytes);
}

}  // namespace infinipot::models
