#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "cache/rotation.h"
#include "tensor/backend.h"

namespace infinipot {

/// The cosines and sines of a Rotation at positions 0..n-1, taken from ggml itself, for rotating
/// single keys: a graph per key would cost more than the key.
class RotationTable {
   public:
    RotationTable(const Rotation& rotation, int n_embd_head, int n_positions, Backend& backend);

    int n_positions() const { return n_positions_; }
    int n_rot() const { return n_rot_; }

    /// The two coordinates that turn together, for pairs 0..n_rot/2-1.
    std::pair<std::size_t, std::size_t> pair(int i) const {
        const auto first = static_cast<std::size_t>(halves_ ? i : 2 * i);
        return {first, first + static_cast<std::size_t>(halves_ ? n_rot_ / 2 : 1)};
    }

    /// [n_rot]: at the first coordinate of a pair its cosine, at the second its sine, both times
    /// the rotation's attn_factor.
    std::span<const float> turns(int position) const {
        const auto n_rot = static_cast<std::size_t>(n_rot_);
        return std::span(turns_).subspan(static_cast<std::size_t>(position) * n_rot, n_rot);
    }

    std::size_t bytes() const { return turns_.size() * sizeof(float); }

    /// rotated = key at `position`; both F16 [n_embd_head]. Arithmetic is F32, as ggml's.
    void rotate(const ggml_fp16_t* key, int position, ggml_fp16_t* rotated) const;

   private:
    int n_embd_head_;
    int n_rot_;
    int n_positions_;
    bool halves_;               // pairs are (i, i + n_rot/2), else (2i, 2i + 1)
    std::vector<float> turns_;  // [n_positions, n_rot]: a pair holds its cosine and its sine
};

}  // namespace infinipot
