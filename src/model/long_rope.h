#pragma once

#include "cache/rotation.h"
#include "model/weights.h"

namespace infinipot {

/// LongRoPE: one set of frequency factors for contexts up to the original length and another for
/// longer ones. The KV cache is the model's whole context, so its capacity decides, once for a
/// session: all keys of a cache must be rotated with the same factors. Source: Ding et al. 2024,
/// arXiv 2402.13753.
struct LongRope {
    Rotation within;  ///< with the tensor rope_factors_short
    Rotation beyond;  ///< with the tensor rope_factors_long

    const Rotation& for_capacity(int capacity) const {
        return capacity > within.n_ctx_orig ? beyond : within;
    }
};

/// Names the two tensors, or `rope_freqs`, the factors for any capacity (LLaMA 3.1). In a file
/// without them both rotations are the same.
inline LongRope load_rope_factors(const Rotation& rotation, WeightLoader& load) {
    LongRope rope{rotation, rotation};
    const int n = rotation.n_rot / 2;
    rope.within.freq_factors = load.optional_vector("rope_factors_short.weight", n);
    rope.beyond.freq_factors = load.optional_vector("rope_factors_long.weight", n);
    if (load.has("rope_freqs.weight")) {
        rope.within.freq_factors = rope.beyond.freq_factors = load.vector("rope_freqs.weight", n);
    }
    return rope;
}

}  // namespace infinipot
