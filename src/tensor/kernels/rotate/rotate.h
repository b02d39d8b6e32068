// Rotates one key by the cosines and sines of its position: what ggml_rope does, for a row at a
// time and without a graph. Arithmetic is F32; rounding to F16 is to nearest, ties to even.
#pragma once

#include <cstdint>

namespace infinipot::kernels {

/// A row is F16 [n_embd_head]; its first n_rot elements turn. Element i of the result is
/// x[i] * cosines[i] + x[partner(i)] * sines[i], where the partner of i is i ^ 1, or with `halves`
/// the element n_rot / 2 away. cosines, sines: [n_rot].
struct RowRotation {
    int n_embd_head;
    int n_rot;
    bool halves;
};

using RotateKernel = void (*)(const RowRotation& rotation, const uint16_t* row,
                              const float* cosines, const float* sines, uint16_t* rotated);

/// For this CPU and these sizes.
RotateKernel rotate_kernel(const RowRotation& rotation);

/// The kernel for Cpu::x8 and n_rot a multiple of 16, or nullptr where the compiler has no such
/// instructions. Whether the CPU has them is for the caller to ask.
RotateKernel rotate_x8();

/// `rotated` may be the row itself, in all of them.
void rotate_plain(const RowRotation& rotation, const uint16_t* row, const float* cosines,
                  const float* sines, uint16_t* rotated);

}  // namespace infinipot::kernels
