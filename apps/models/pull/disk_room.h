#pragma once

#include <cstdint>
#include <filesystem>

namespace infinipot::models {

/// Checks that a folder's disk has room.
/// @throws Error(file_error) if it has fewer free bytes than that.
void require_disk_room(const std::filesystem::path& folder, std::uint64_t bytes);

/// Returns the bytes of all files below a folder.
std::uint64_t bytes_below(const std::filesystem::path& folder);

}  // namespace infinipot::models
