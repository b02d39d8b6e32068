#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gguf/file.h"

/// Byte-level details of the GGUF format. Internal to src/gguf.
namespace infinipot::gguf {

inline constexpr std::string_view magic = "GGUF";

/// Returns the bytes of one value; 0 for strings, whose lengths differ, and for arrays.
std::size_t value_bytes(GgufType type);

/// Loads a number from any address, aligned or not.
template <typename T>
T load(const std::byte* bytes) {
    T value;
    std::memcpy(&value, bytes, sizeof(value));
    return value;
}

/// Returns a name from a file in a form that is safe to print: short, without control characters.
std::string printable(std::string_view name);

/// Recognises by its first bytes a file that is not GGUF. Returns the rest of a sentence about it
/// ("is a safetensors file; ...") for an error message, or nothing.
std::optional<std::string> recognise_other_format(std::span<const std::byte> bytes);

/// Returns the rest of an error sentence if this version of GGUF cannot be read, else nothing.
std::optional<std::string> refuse_version(std::uint32_t version);

}  // namespace infinipot::gguf
