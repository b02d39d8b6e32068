#include "tensor/kernels/simd/cpu.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace infinipot::kernels {
namespace {

#if defined(INFINIPOT_EMULATE_AVX512)

Cpu detect(Cpu) { return Cpu::amx; }

#else

#if defined(__x86_64__)
/// Returns whether the CPU has AMX's tiles and BF16, and the system lets this process use them.
bool has_amx() {
#if defined(__linux__)
    constexpr unsigned tile_and_bf16 = 1u << 24 | 1u << 22;
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return false;
    if ((edx & tile_and_bf16) != tile_and_bf16) return false;
    constexpr long request_permission = 0x1023, tile_data = 18;  // of arch_prctl
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
    return false;
#endif
}
#endif

/// Detects the kind of CPU. Asks the system for AMX only if `allowed` includes it.
Cpu detect([[maybe_unused]] Cpu allowed) {
#if defined(__x86_64__)
    // F16C is not checked: not every compiler knows its name, and all CPUs with AVX2 have it.
    const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool has_avx512 =
        __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vnni");
    if (has_avx512) return allowed == Cpu::amx && has_amx() ? Cpu::amx : Cpu::avx512;
    if (has_avx2) return Cpu::x8;
#elif defined(__aarch64__)
    return Cpu::x8;  // all of them have NEON
#endif
    return Cpu::plain;
}

#endif

Cpu allowed() {
    const char* variable = std::getenv("INFINIPOT_CPU");
    const std::string_view name = variable ? variable : "";
    if (name == "plain") return Cpu::plain;
    if (name == "avx2" || name == "neon") return Cpu::x8;
    return name == "amx" ? Cpu::amx : Cpu::avx512;
}

}  // namespace

Cpu cpu() {
    static const Cpu found = std::min(detect(allowed()), allowed());
    return found;
}

}  // namespace infinipot::kernels
