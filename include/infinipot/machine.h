#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace infinipot {

/// What a model can be loaded onto: ModelOptions::device takes the name.
struct DeviceInfo {
    std::string name;              ///< "cpu", "CUDA0", ...
    std::string description;       ///< what its maker calls it
    std::size_t memory_bytes = 0;  ///< in all
    std::size_t free_bytes = 0;    ///< now
};

/// All devices that this build and this machine have, the CPU first.
std::vector<DeviceInfo> devices();

/// How fast a machine is at the two things that reading and writing consist of: a measure of how
/// much of it they use. Each number is the fastest of several runs.
struct MachineSpeed {
    /// Main memory in GB/s: a = b + s * c over arrays of floats that no cache holds. Counted as in
    /// STREAM, two arrays read and one written: what only reads, as writing a token does, may be a
    /// little faster.
    double triad_gb_per_second = 0;
    double f32_gflops = 0;   ///< GFLOP/s of ggml's matrix product in F32
    double q8_0_gflops = 0;  ///< GFLOP/s of our own product of Q8_0 matrices; 0 where this CPU has
                             ///< no kernel for it
};

/// Measures on so many threads, in about a second and with 192 MiB of memory.
/// @throws Error(invalid_argument) if there is not at least one thread.
MachineSpeed measure_machine(int n_threads);

}  // namespace infinipot
