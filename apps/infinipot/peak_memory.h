#pragma once

#include <cstdint>

namespace infinipot::cli {

/// Most bytes of physical memory that this process has held at any time; 0 where that is unknown.
std::uint64_t peak_memory_bytes();

}  // namespace infinipot::cli
