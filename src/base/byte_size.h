#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infinipot {

/// Reads an amount of memory: "1048576", "64MiB", "512 KiB", "1.5GiB", "2GB". KiB, MiB, GiB and TiB
/// (or K, M, G and T) are powers of 1024; kB, MB, GB and TB are powers of 1000. Case does not
/// matter. A fraction of a byte is cut off. Returns nothing if the text is no such amount or does
/// not fit into size_t.
std::optional<std::size_t> parse_byte_size(std::string_view text);

/// Returns an amount for people to read: "66.0 MiB", "512 B".
std::string format_byte_size(std::uint64_t bytes);

}  // namespace infinipot
