#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "infinipot/snapshot.h"

/// Pots as files: snapshots that people list, copy and remove.
namespace infinipot::eval {

struct PotFile {
    std::filesystem::path path = {};
    SnapshotInfo info = {};   ///< if it can be read
    std::string damage = {};  ///< why it cannot, as a sentence; empty: it can
};

/// Returns the pots of a folder in the order of their names. All other files are left out, and
/// those that cannot be opened. The KV caches are not read; verify_snapshot() finds damage there.
/// @throws Error(file_error) if it is no folder, or cannot be read
std::vector<PotFile> pots_in(const std::filesystem::path& folder);

/// Makes a copy of a pot, whole or not at all, which shares the blocks of the disk where the file
/// system can. The pot is verified before. `between` is called before and after the copying, and
/// may throw.
/// @throws as verify_snapshot() does
/// @throws Error(file_error) if there is a file of the name `copy`, or it cannot be written
void fork_pot(const std::filesystem::path& pot, const std::filesystem::path& copy,
              const std::function<void()>& between);

/// Removes pots, after all of them were examined: if one of the names is refused, nothing is
/// removed. Of a symbolic link to a pot only the link is removed.
/// @param damaged_too whether pots that do not pass verify_snapshot() are removed as well
/// @throws Error(bad_snapshot) if a file is no pot, or damaged
/// @throws Error(file_error) if a file cannot be read or removed
void remove_pots(const std::vector<std::string>& pots, bool damaged_too);

}  // namespace infinipot::eval
