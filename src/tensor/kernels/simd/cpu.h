// Kinds of CPU that the kernels distinguish.
#pragma once

namespace infinipot::kernels {

enum class Cpu {
    plain,
    x8,      ///< eight floats at a time: AVX2 with FMA and F16C, or NEON
    avx512,  ///< F, BW, VL, DQ and VNNI
    amx,     ///< as avx512, with AMX-BF16
};

/// Returns the kind of this CPU, detected once. The environment variable INFINIPOT_CPU (plain,
/// avx2, neon or avx512) lowers it, so that every kernel can be tested on one machine. It cannot
/// raise it, except in a build with INFINIPOT_EMULATE_AVX512, whose kernels need no such CPU. AMX,
/// whose BF16 is less exact, is used only if the variable is amx.
Cpu cpu();

}  // namespace infinipot::kernels
