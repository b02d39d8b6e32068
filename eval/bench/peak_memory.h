#pragma once

#include <cstdint>

namespace infinipot::eval {

/// Returns the largest number of bytes of physical memory that this process has held since it
/// began, or since forget_peak_memory(); 0 where the system does not report it.
std::uint64_t peak_memory_bytes();

/// Sets the peak to the memory that is held now. Returns false where the system cannot do that.
/// Only Linux can, through /proc/self/clear_refs.
bool forget_peak_memory();

}  // namespace infinipot::eval
