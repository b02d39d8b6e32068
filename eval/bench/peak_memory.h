#pragma once

#include <cstdint>

namespace infinipot::eval {

/// Most bytes of physical memory that this process has held at any time, or since
/// forget_peak_memory(); 0 where that is unknown.
std::uint64_t peak_memory_bytes();

/// Lets the peak begin anew, with what is held now. False where the system cannot do that: Linux
/// alone can, through /proc/self/clear_refs.
bool forget_peak_memory();

}  // namespace infinipot::eval
