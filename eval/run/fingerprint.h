#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Short names for long things: equal ones have equal names, and others hardly ever do.
namespace infinipot::eval {

/// FNV-1a, mixed so that every bit depends on all of the bytes. No protection against malice.
std::uint64_t hash(std::string_view bytes);

/// The hash as 16 hexadecimal digits.
std::string fingerprint(std::string_view bytes);

}  // namespace infinipot::eval
