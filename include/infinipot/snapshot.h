#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "infinipot/kv_type.h"
#include "infinipot/policy.h"

namespace infinipot {

/// A text that a session has read, as its snapshot remembers it.
struct TextRead {
    std::string name = {};    ///< without a folder: a snapshot says nothing of the machine
    std::uint64_t bytes = 0;  ///< read of it so far
    std::string hash = {};    ///< XXH3 of these bytes, 32 hexadecimal digits

    bool operator==(const TextRead&) const = default;
};

/// Options of Session::restore().
struct RestoreOptions {
    std::optional<int> n_threads = {};  ///< empty: one per core, at most 8
    /// The policy, if it is none of all_policies(). Its spec() must be the one of the snapshot.
    PolicyPtr policy = nullptr;
    /// Compare the checksum of the KV cache, which reads all of it. A file that has not been
    /// written since is compared once per model. All else is always compared.
    bool verify = true;
};

/// Facts about a snapshot that can be read without its model.
struct SnapshotInfo {
    std::string model = {};         ///< name in the model's file
    std::string architecture = {};  ///< of the model
    std::string policy = {};        ///< spec
    Schedule schedule = {};
    KvType kv_type = {};
    int capacity = 0;  ///< entries per layer and KV head
    int n_kv = 0;      ///< of them in use
    std::uint64_t bytes_read = 0;
    std::uint64_t tokens_read = 0;
    std::uint64_t distillations = 0;
    std::int64_t saved_at = 0;  ///< seconds since 1970
    std::uint64_t file_bytes = 0;
    std::vector<TextRead> texts = {};
};

/// Returns whether a file begins as a snapshot does. It may be damaged, or of another version.
/// @throws Error(file_error) if the file cannot be read.
bool is_snapshot(const std::filesystem::path& path);

/// Reads what a snapshot says of itself.
/// @throws Error(file_error) if the file cannot be read.
/// @throws Error(bad_snapshot) if it is no snapshot, damaged, or of another version.
SnapshotInfo read_snapshot_info(const std::filesystem::path& path);

/// Compares every checksum of a snapshot.
/// @throws as read_snapshot_info() does.
void verify_snapshot(const std::filesystem::path& path);

}  // namespace infinipot
