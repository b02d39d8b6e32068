// The kernel of rotation for eight elements at a time.
#include "tensor/kernels/rotate/rotate.h"
#include "tensor/kernels/simd/f32s.h"

#ifdef INFINIPOT_HAS_F32S

namespace infinipot::kernels {
namespace {

F32x8 turned(F32x8 x, F32x8 partners, const float* cosines, const float* sines) {
    return fma(x, load(cosines), partners * load(sines));
}

void rotate(const RowRotation& r, const uint16_t* row, const float* cosines, const float* sines,
            uint16_t* rotated) {
    const int half = r.n_rot / 2;
    if (r.halves) {
        for (int i = 0; i < half; i += 8) {
            const F32x8 low = load_f16(row + i), high = load_f16(row + half + i);
            store_f16(rotated + i, turned(low, high, cosines + i, sines + i));
            store_f16(rotated + half + i, turned(high, low, cosines + half + i, sines + half + i));
        }
    } else {
        for (int i = 0; i < r.n_rot; i += 8) {
            const F32x8 x = load_f16(row + i);
            store_f16(rotated + i, turned(x, swapped_neighbours(x), cosines + i, sines + i));
        }
    }
    for (int i = r.n_rot; i < r.n_embd_head; ++i) rotated[i] = row[i];
}

}  // namespace

RotateKernel rotate_x8() { return rotate; }

}  // namespace infinipot::kernels

#else

namespace infinipot::kernels {
RotateKernel rotate_x8() { return nullptr; }
}  // namespace infinipot::kernels

#endif
