#include "tensor/kernels/rotate/rotate.h"

#include <ggml.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "tensor/kernels/simd/cpu.h"

namespace infinipot::kernels {

namespace {

constexpr int largest_n_rot = 1024;

}  // namespace

void rotate_plain(const RowRotation& r, const uint16_t* row, const float* cosines,
                  const float* sines, uint16_t* rotated) {
    assert(r.n_rot <= largest_n_rot);
    std::array<float, largest_n_rot> x;
    for (int i = 0; i < r.n_rot; ++i) x[static_cast<std::size_t>(i)] = ggml_fp16_to_fp32(row[i]);
    for (int i = 0; i < r.n_rot; ++i) {
        const int half = r.n_rot / 2;
        const int partner = r.halves ? (i < half ? i + half : i - half) : i ^ 1;
        rotated[i] = ggml_fp32_to_fp16(x[static_cast<std::size_t>(i)] * cosines[i] +
                                       x[static_cast<std::size_t>(partner)] * sines[i]);
    }
    std::copy(row + r.n_rot, row + r.n_embd_head, rotated + r.n_rot);
}

RotateKernel rotate_kernel(const RowRotation& rotation) {
    if (cpu() >= Cpu::x8 && rotation.n_rot % 16 == 0 && rotate_x8()) return rotate_x8();
    return rotate_plain;
}

}  // namespace infinipot::kernels
