#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gguf/file.h"

/// What the code that reads GGUF files knows about bytes. Internal to src/gguf.
namespace infinipot::gguf {

inline constexpr std::string_view magic = "GGUF";

/// Bytes of one value; 0 for a string, whose length differs, and for an array.
std::size_t value_bytes(GgufType type);

/// A number that may lie at any address.
template <typename T>
T load(const std::byte* bytes) {
    T value;
    std::memcpy(&value, bytes, sizeof(value));
    return value;
}

/// A name from a file that is safe to print: short, and without control characters.
std::string printable(std::string_view name);

/// How a sentence about the file goes on if it is not GGUF at all ("is a safetensors file; ..."),
/// from its first bytes.
std::optional<std::string> recognise_other_format(std::span<const std::byte> bytes);

/// How a sentence about the file goes on if this version of GGUF cannot be read.
std::optional<std::string> refuse_version(std::uint32_t version);

}  // namespace infinipot::gguf
