// AMX in plain C++: tiles of 16 rows of 64 bytes, for any configuration. Included by amx.h only.
#pragma once

#include <cstddef>
#include <cstdint>

namespace infinipot::kernels {
namespace emulated {

struct Tile {
    float lanes[16][16];
};
inline thread_local Tile amx_tiles[8];

inline void tile_zero(int to) { amx_tiles[to] = {}; }

inline void tile_load(int to, const void* from, std::ptrdiff_t stride) {
    for (int row = 0; row < 16; ++row)
        __builtin_memcpy(amx_tiles[to].lanes[row], static_cast<const char*>(from) + row * stride,
                         64);
}

inline void tile_store(int from, void* to, std::ptrdiff_t stride) {
    for (int row = 0; row < 16; ++row)
        __builtin_memcpy(static_cast<char*>(to) + row * stride, amx_tiles[from].lanes[row], 64);
}

/// Returns the lower or upper BF16 number of a pair.
inline float of_pair(float pair, bool upper) {
    uint32_t bits;
    __builtin_memcpy(&bits, &pair, sizeof bits);
    bits = upper ? bits & 0xffff0000u : bits << 16;
    float number;
    __builtin_memcpy(&number, &bits, sizeof number);
    return number;
}

/// Computes c[16][16] += a[16][16 pairs] b[16 pairs][16].
inline void tile_add_products(int c, int a, int b) {
    for (int m = 0; m < 16; ++m)
        for (int k = 0; k < 16; ++k)
            for (const bool upper : {false, true}) {
                const float factor = of_pair(amx_tiles[a].lanes[m][k], upper);
                for (int n = 0; n < 16; ++n)
                    amx_tiles[c].lanes[m][n] += factor * of_pair(amx_tiles[b].lanes[k][n], upper);
            }
}

}  // namespace emulated
}  // namespace infinipot::kernels

#undef _tile_zero  // the compiler defines these as macros as well
#undef _tile_loadd
#undef _tile_stored
#undef _tile_dpbf16ps
#define _tile_loadconfig(shapes) static_cast<void>(shapes)
#define _tile_release() static_cast<void>(0)
#define _tile_zero infinipot::kernels::emulated::tile_zero
#define _tile_loadd infinipot::kernels::emulated::tile_load
#define _tile_stored infinipot::kernels::emulated::tile_store
#define _tile_dpbf16ps infinipot::kernels::emulated::tile_add_products
