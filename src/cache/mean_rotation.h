#pragma once

#include <cstddef>
#include <vector>

#include "cache/rotation_table.h"

namespace infinipot {

/// The mean of the rotations of consecutive positions: a block-diagonal matrix, which rotates and
/// shrinks each pair of coordinates. Coordinates behind n_rot stay as they are. Refers to the
/// table, which must outlive it.
class MeanRotation {
   public:
    /// Covers positions first..first + n - 1 of the table.
    MeanRotation(const RotationTable& table, int first, int n);

    /// Rotates a vector in place. Its coordinates are every `stride`-th value from `at` on.
    void apply(float* at, std::size_t stride = 1) const;

   private:
    const RotationTable& table_;
    std::vector<float> cosines_, sines_;  // [n_rot], as the table's
};

}  // namespace infinipot
