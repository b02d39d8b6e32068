#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "models/hub/hub_access.h"
#include "models/hub/hub_tree.h"

namespace infinipot::models {

/// Loads a file of a repository as `target`. The bytes gather in `target` + ".incomplete", which
/// stays when the download ends early; the next one goes on behind it. The file takes its name when
/// its size and its SHA-256 are those that the Hub states. `on_bytes` is called often with the
/// bytes that are here, and may throw.
/// @throws Error(file_error) with one sentence if the Hub fails, the bytes are wrong, the disk is
/// full, or another process loads the file.
void download_hub_file(const HubAccess& access, const std::string& repository,
                       const std::string& commit, const HubFile& file,
                       const std::filesystem::path& target,
                       const std::function<void(std::uint64_t)>& on_bytes);

}  // namespace infinipot::models
