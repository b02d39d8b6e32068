// The intrinsics of AVX-512 (F, BW, VL, DQ and VNNI): the compiler's, where the file is compiled
// for such a CPU, or where INFINIPOT_EMULATE_AVX512 is defined those of SIMDe, which compute the
// same on any CPU, slowly, so that what is written for AVX-512 can be tested there.
// INFINIPOT_HAS_AVX512 says that there are any.
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
