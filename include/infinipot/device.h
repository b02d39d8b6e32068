#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace infinipot {

/// A device that a model can be loaded onto.
struct DeviceInfo {
    std::string name;              ///< "cpu", "CUDA0", ...: a value of ModelOptions::device
    std::string description;       ///< the maker's name of the device
    std::size_t memory_bytes = 0;  ///< total
    std::size_t free_bytes = 0;    ///< at the time of the call
};

/// Returns all devices of this build and this machine, the CPU first. Any thread may call it.
std::vector<DeviceInfo> devices();

}  // namespace infinipot
