// The intrinsics of AVX-512 (F, BW, VL, DQ and VNNI). They are the compiler's if the file is
// compiled for such a CPU. In a build with INFINIPOT_EMULATE_AVX512 they are SIMDe's, which compute
// the same on any CPU, slowly, so that AVX-512 kernels can be tested there. INFINIPOT_HAS_AVX512 is
// defined if there are any.
#pragma once

#if defined(INFINIPOT_EMULATE_AVX512)
#define INFINIPOT_HAS_AVX512
#include "tensor/kernels/simd/avx512_emulated.h"
#elif defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && \
    defined(__AVX512DQ__) && defined(__AVX512VNNI__)
#define INFINIPOT_HAS_AVX512
#if defined(__GNUC__) && !defined(__clang__)  // false alarms inside the intrinsics (GCC PR105593)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#endif
