// What this CPU can do, as far as the kernels tell it apart.
#pragma once

namespace infinipot::kernels {

enum class Cpu {
    plain,
    avx2,    ///< with FMA and F16C
    avx512,  ///< F, BW, VL, DQ and VNNI
};

/// Asked once. The environment variable INFINIPOT_CPU (plain, avx2 or avx512) makes it less than it
/// is, so that every kernel can be tried on one machine; it never makes it more.
Cpu cpu();

}  // namespace infinipot::kernels
