// The AVX2 kernel of rotate: eight elements at a time, converted by F16C.
#include "tensor/kernels/rotate.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)

#include <immintrin.h>

namespace infinipot::kernels {
namespace {

__m256 load(const uint16_t* from) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

void store(uint16_t* to, __m256 values) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT));
}

__m256 turned(__m256 x, __m256 partners, const float* cosines, const float* sines) {
    return _mm256_fmadd_ps(x, _mm256_loadu_ps(cosines),
                           _mm256_mul_ps(partners, _mm256_loadu_ps(sines)));
}

void rotate(const RowRotation& r, const uint16_t* row, const float* cosines, const float* sines,
            uint16_t* rotated) {
    const int half = r.n_rot / 2;
    if (r.halves) {
        for (int i = 0; i < half; i += 8) {
            const __m256 low = load(row + i), high = load(row + half + i);
            store(rotated + i, turned(low, high, cosines + i, sines + i));
            store(rotated + half + i, turned(high, low, cosines + half + i, sines + half + i));
        }
    } else {
        for (int i = 0; i < r.n_rot; i += 8) {
            const __m256 x = load(row + i);
            constexpr int swap_neighbours = 0xB1;
            store(rotated + i,
                  turned(x, _mm256_permute_ps(x, swap_neighbours), cosines + i, sines + i));
        }
    }
    for (int i = r.n_rot; i < r.n_embd_head; ++i) rotated[i] = row[i];
}

}  // namespace

RotateKernel rotate_avx2() { return rotate; }

}  // namespace infinipot::kernels

#else

namespace infinipot::kernels {
RotateKernel rotate_avx2() { return nullptr; }
}  // namespace infinipot::kernels

#endif
