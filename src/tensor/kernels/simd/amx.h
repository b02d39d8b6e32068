// The tiles of AMX: eight registers of up to 16 rows of 64 bytes. AMX multiplies such matrices of
// pairs of BF16 and sums in F32. A build with INFINIPOT_EMULATE_AVX512 does the same in plain C++.
// INFINIPOT_HAS_AMX is defined if there is either.
#pragma once

#include <cstdint>

#include "tensor/kernels/simd/avx512.h"

#if defined(INFINIPOT_EMULATE_AVX512)
#define INFINIPOT_HAS_AMX
#include "tensor/kernels/simd/amx_emulated.h"
#elif defined(INFINIPOT_HAS_AVX512) && defined(__AMX_TILE__) && defined(__AMX_BF16__)
#define INFINIPOT_HAS_AMX
// GCC before 14 assumes that _tile_loadconfig() reads 8 bytes, and deletes the stores of the
// others.
#undef _tile_loadconfig
#define _tile_loadconfig(shapes) asm volatile("ldtilecfg %0" ::"m"(*(shapes)))
#endif

#ifdef INFINIPOT_HAS_AMX

namespace infinipot::kernels {
namespace {

/// Configures all tiles of this thread as 16 rows of 64 bytes while it lives. Afterwards the CPU
/// need not save them.
class AmxTiles {
   public:
    AmxTiles() {
        alignas(64) Shapes shapes = {};
        shapes.palette = 1;
        for (int i = 0; i < 8; ++i) {
            shapes.row_bytes[i] = 64;
            shapes.rows[i] = 16;
        }
        _tile_loadconfig(&shapes);
    }
    ~AmxTiles() { _tile_release(); }
    AmxTiles(const AmxTiles&) = delete;
    AmxTiles& operator=(const AmxTiles&) = delete;

   private:
    struct Shapes {  // in the layout that the instruction reads
        uint8_t palette, start_row, unused[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    };
    static_assert(sizeof(Shapes) == 64);
};

}  // namespace
}  // namespace infinipot::kernels

#endif
