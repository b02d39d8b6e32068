#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Short names for long texts. Equal texts have equal names; different ones almost never do.
namespace infinipot::eval {

/// Returns FNV-1a of the bytes, mixed so that every bit depends on all bytes. It does not protect
/// against malice.
std::uint64_t hash(std::string_view bytes);

/// Returns the hash as 16 hexadecimal digits.
std::string fingerprint(std::string_view bytes);

}  // namespace infinipot::eval
