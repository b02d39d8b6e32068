#include "eval/bench/peak_memory.h"

#include <sys/resource.h>

#ifdef __linux__
#include <malloc.h>
#endif

#include <fstream>
#include <string>

namespace infinipot::eval {
namespace {

/// Returns VmHWM of /proc/self/status in bytes (Linux counts in KiB); 0 on other systems.
std::uint64_t high_water_mark() {
    std::ifstream status("/proc/self/status");
    std::string word;
    std::uint64_t kib = 0;
    while (status >> word) {
        if (word == "VmHWM:" && status >> kib) return kib * 1024;
    }
    return 0;
}

std::uint64_t most_resident() {
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
#ifdef __APPLE__
    return static_cast<std::uint64_t>(usage.ru_maxrss);
#else
    return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
#endif
}

}  // namespace

std::uint64_t peak_memory_bytes() {
    const std::uint64_t bytes = high_water_mark();
    return bytes != 0 ? bytes : most_resident();
}

bool forget_peak_memory() {
#ifdef __GLIBC__
    malloc_trim(0);  // returns freed memory to the system
#endif
    std::ofstream control("/proc/self/clear_refs");
    control << "5" << std::flush;
    return control.good();
}

}  // namespace infinipot::eval
