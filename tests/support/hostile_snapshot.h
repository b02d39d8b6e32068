#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "infinipot/session.h"

namespace infinipot {

/// A snapshot as somebody could forge it: its parts are arbitrary and its checksums are right. It
/// stands in a few KiB, from which file() makes a whole snapshot for the model that is loaded.
struct HostileSnapshot {
    static constexpr std::uint8_t own_fingerprint = 1;  ///< else the model's
    static constexpr std::uint8_t own_header_hash = 2;  ///< else the right one
    static constexpr std::uint8_t is_raw = 4;           ///< `state` is the whole file
    static constexpr std::uint8_t is_restored = 8;      ///< a session is made of it
    static constexpr std::uint8_t is_used = 16;         ///< and reads on and answers

    std::uint8_t flags = 0;
    std::uint8_t n_cache_blocks = 1;  ///< of 64 KiB, minus one and modulo 4
    std::uint32_t cache_offset = 0;   ///< of `cache` in its section, modulo its size
    /// Changes of the header: offset and new value, two bytes each change.
    std::vector<std::byte> header = {};
    std::vector<std::byte> info = {};
    std::vector<std::byte> state = {};
    std::vector<std::byte> cache = {};

    /// Reads a snapshot from any bytes.
    static HostileSnapshot unpack(std::span<const std::byte> bytes);
    std::vector<std::byte> pack() const;

    /// Takes a real snapshot apart.
    static HostileSnapshot from_file(const std::filesystem::path& path);
};

/// The model that hostile snapshots are for, of random weights. One of its two layers may be local.
Model model_for_snapshots(const std::filesystem::path& folder, bool has_windows = false);

/// Reads hostile snapshots as a program does. To make a session takes a hundred times as long as to
/// read what a snapshot says. Without `is_restored`, the state is therefore read into a session
/// that exists, if one has the same plan. Belongs to one thread at a time.
class SnapshotReader {
   public:
    /// `sound`: snapshots of the sessions that exist.
    SnapshotReader(Model model, std::span<const HostileSnapshot> sound);
    ~SnapshotReader();
    SnapshotReader(const SnapshotReader&) = delete;
    SnapshotReader& operator=(const SnapshotReader&) = delete;

    /// Returns why what it says of itself, its checksums or its state are refused; empty if nothing
    /// is.
    /// @throws std::logic_error if it is refused otherwise than with one sentence of
    /// Error(bad_snapshot).
    std::string read(const HostileSnapshot& snapshot);

   private:
    struct Existing {
        std::vector<std::byte> plan;  ///< as in a snapshot, without the number of entries
        Session session;
    };

    /// A part of the file.
    struct Extent {
        std::size_t offset = 0;
        std::size_t n = 0;
    };

    void clear(std::size_t size);
    void write(const HostileSnapshot& snapshot);
    void restore(std::uint8_t flags) const;
    void read_sections() const;

    Model model_;
    std::vector<Existing> existing_;
    int file_;              // in memory alone
    std::size_t size_ = 0;  // of the file
    Extent written_;        // of its KV cache
    std::filesystem::path path_;
};

/// Returns snapshots of sessions of all policies, in several states.
std::vector<HostileSnapshot> sound_snapshots(const Model& model,
                                             const std::filesystem::path& folder);

}  // namespace infinipot
