#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "cache/rotation.h"
#include "tensor/backend.h"
#include "tensor/kernels/rotate/rotate.h"

namespace infinipot {

/// Vectors that a cache subtracts from a key and from its rotated copy: [n_embd_head] each, or
/// empty. See KeyCentres.
struct KeyCentre {
    std::span<const float> key = {};
    std::span<const float> rotated_key = {};
};

/// The cosines and sines of a Rotation at positions 0..n_positions-1, as ggml computes them.
/// Rotates single keys without a graph, which would cost more than the key. Cosines and sines
/// include the rotation's attn_factor. Immutable: any thread may use it.
class RotationTable {
   public:
    /// Computes the table with one graph on `backend`.
    /// @throws Error(out_of_memory)
    RotationTable(const Rotation& rotation, int n_embd_head, int n_positions, Backend& backend);

    int n_positions() const { return n_positions_; }
    int n_rot() const { return shape_.n_rot; }

    /// Returns the two coordinates that turn together, for pairs i from 0 to n_rot/2-1.
    std::pair<std::size_t, std::size_t> pair(int i) const {
        const auto first = static_cast<std::size_t>(shape_.halves ? i : 2 * i);
        return {first, first + static_cast<std::size_t>(shape_.halves ? n_rot() / 2 : 1)};
    }

    /// Returns the cosines or sines of all coordinates: [n_rot]. The coordinates of a pair share
    /// theirs; the sine is negative at the first.
    std::span<const float> cosines(int position) const { return row(cosines_, position); }
    std::span<const float> sines(int position) const { return row(sines_, position); }

    /// Writes `key`, rotated for `position`, to `rotated`. Both are rows of a cache of this type,
    /// as row_format.h describes them, and may be the same. scratch: [n_embd_head].
    void rotate(ggml_type type, const std::byte* key, int position, std::byte* rotated,
                std::span<float> scratch, const KeyCentre& centre = {}) const;

    std::size_t bytes() const { return 2 * cosines_.size() * sizeof(float); }

   private:
    void turn(std::span<float> x, int position) const;
    std::span<const float> row(const std::vector<float>& table, int position) const {
        const auto n = static_cast<std::size_t>(n_rot());
        return std::span(table).subspan(static_cast<std::size_t>(position) * n, n);
    }

    kernels::RowRotation shape_;
    kernels::RotateKernel kernel_;
    int n_positions_;
    std::vector<float> cosines_;  // [n_positions, n_rot]
    std::vector<float> sines_;
};

}  // namespace infinipot
