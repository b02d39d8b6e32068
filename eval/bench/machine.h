#pragma once

namespace infinipot {

/// The speed of a machine at the two things that prefill and decode consist of. Each number is the
/// fastest of several runs.
struct MachineSpeed {
    /// Main memory in GB/s: a = b + s * c over arrays of floats that exceed every cache. Counted as
    /// in STREAM: two arrays read and one written. Reading alone, as in decode, may be a little
    /// faster.
    double triad_gb_per_second = 0;
    double f32_gflops = 0;   ///< ggml's matrix product in F32, GFLOP/s
    double q8_0_gflops = 0;  ///< our product of Q8_0 matrices; 0 where this CPU has no kernel
};

/// Measures on `n_threads` threads, in about a second and with 192 MiB of memory.
/// @throws Error(invalid_argument) if `n_threads` is less than 1.
MachineSpeed measure_machine(int n_threads);

}  // namespace infinipot
