#include "tensor/kernels/cpu.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace infinipot::kernels {
namespace {

Cpu detect() {
#if defined(__x86_64__)
    // Not asked for F16C, which not every compiler knows by name: all CPUs with AVX2 have it.
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool has_avx512 =
        __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vnni");
    if (has_avx512) return Cpu::avx512;
    if (has_avx2) return Cpu::x8;
#elif defined(__aarch64__)
    return Cpu::x8;  // all of them have NEON
#endif
    return Cpu::plain;
}

Cpu allowed() {
    const char* variable = std::getenv("INFINIPOT_CPU");
    const std::string_view name = variable ? variable : "";
    if (name == "plain") return Cpu::plain;
    if (name == "avx2" || name == "neon") return Cpu::x8;
    return Cpu::avx512;
}

}  // namespace

Cpu cpu() {
    static const Cpu found = std::min(detect(), allowed());
    return found;
}

}  // namespace infinipot::kernels
