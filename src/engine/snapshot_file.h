#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/page_memory.h"
#include "base/verified_files.h"
#include "cache/kv_cache.h"

namespace infinipot {

/// The parts of a snapshot: docs/snapshot.md describes the file.
enum class SnapshotSection {
    info,   ///< what it says of itself, readable without the model
    state,  ///< the options and the state of the session besides the KV cache
    cache,  ///< the memory of the KV cache: CacheLayout
};

inline constexpr std::size_t n_snapshot_sections = 3;

/// Where a section is in the file, and the hash of its bytes.
struct SnapshotPlace {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    Hash128 hash = {};
};

/// Writes a snapshot in the place of `path`; see write_atomically().
/// @throws Error(file_error)
void write_snapshot_file(const std::filesystem::path& path, std::span<const std::byte> info,
                         std::span<const std::byte> state, const KvCache& cache);

/// A snapshot on a disk, which may be damaged or hostile: nothing of it is trusted before it has
/// been compared with the file's size and with its checksum.
class SnapshotFile {
   public:
    /// Returns whether a file begins as a snapshot does.
    /// @throws Error(file_error)
    static bool is_one(const std::filesystem::path& path);

    /// Reads and checks the header.
    /// @throws Error(file_error)
    /// @throws Error(bad_snapshot)
    static SnapshotFile open(const std::filesystem::path& path);

    /// Returns a section whose checksum is right. For info and state.
    /// @throws Error(bad_snapshot)
    std::vector<std::byte> read(SnapshotSection section) const;

    /// Compares the checksum of the KV cache, whose pages are read for that.
    /// @throws Error(bad_snapshot)
    void verify_cache() const;

    /// Does so unless the file is one of those that were verified, of which it then is one.
    /// @throws Error(bad_snapshot)
    void verify_cache_once(VerifiedFiles& verified) const;

    /// Returns the memory of the KV cache.
    /// @throws Error(bad_snapshot) unless it has so many bytes.
    CacheImage image(std::size_t bytes, int n) const;

    std::uint64_t file_bytes() const { return file_->size(); }

   private:
    SnapshotFile(std::string name, PageFile file);
    [[noreturn]] void fail(const std::string& why) const;
    const SnapshotPlace& place(SnapshotSection section) const {
        return places_[static_cast<std::size_t>(section)];
    }

    std::string name_;
    std::shared_ptr<const PageFile> file_;
    std::array<SnapshotPlace, n_snapshot_sections> places_ = {};
};

}  // namespace infinipot
