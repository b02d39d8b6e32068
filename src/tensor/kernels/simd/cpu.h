// What this CPU can do, as far as the kernels tell it apart.
#pragma once

namespace infinipot::kernels {

enum class Cpu {
    plain,
    x8,      ///< eight floats at a time: AVX2 with FMA and F16C, or NEON
    avx512,  ///< F, BW, VL, DQ and VNNI
    amx,     ///< AMX-BF16 besides
};

/// Asked once. The environment variable INFINIPOT_CPU (plain, avx2, neon or avx512) makes it less
/// than it is, so that every kernel can be tried on one machine; it never makes it more, but where
/// INFINIPOT_EMULATE_AVX512 is defined, whose kernels need none of it. AMX, whose BF16 is less
/// exact, is used only where the variable says amx.
Cpu cpu();

}  // namespace infinipot::kernels
