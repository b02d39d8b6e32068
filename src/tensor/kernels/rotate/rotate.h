// Rotates one key by the cosines and sines of its position, as ggml_rope does, for a single row and
// without a graph. Arithmetic is F32; results are rounded to F16, to nearest with ties to even.
#pragma once

#include <cstdint>

namespace infinipot::kernels {

/// Shape of a rotation. A row is F16 [n_embd_head], of which the first n_rot elements are rotated.
/// Element i of the result is
/// x[i] * cosines[i] + x[partner(i)] * sines[i], where the partner of i is i ^ 1, or with `halves`
/// the element n_rot / 2 away. cosines, sines: [n_rot].
struct RowRotation {
    int n_embd_head;
    int n_rot;
    bool halves;
};

using RotateKernel = void (*)(const RowRotation& rotation, const uint16_t* row,
                              const float* cosines, const float* sines, uint16_t* rotated);

/// Returns the fastest kernel of this CPU for these sizes.
RotateKernel rotate_kernel(const RowRotation& rotation);

/// Returns the kernel for Cpu::x8 and n_rot a multiple of 16, or nullptr if the compiler lacks the
/// instructions. The caller must check that the CPU has them.
RotateKernel rotate_x8();

/// Rotates in plain C++. In all kernels `rotated` may be the row itself.
void rotate_plain(const RowRotation& rotation, const uint16_t* row, const float* cosines,
                  const float* sines, uint16_t* rotated);

}  // namespace infinipot::kernels
