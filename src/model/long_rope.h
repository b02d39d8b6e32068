#pragma once

#include "cache/rotation.h"
#include "model/weights.h"

namespace infinipot {

/// LongRoPE: one set of frequency factors for contexts up to the original one and another for
/// longer ones. A pot is the model's whole context, so its capacity decides, once for a session:
/// keys of one pot must all turn alike. Source: Ding et al. 2024, arXiv 2402.13753.
struct LongRope {
    Rotation within;  ///< with the tensor rope_factors_short
    Rotation beyond;  ///< with the tensor rope_factors_long

    const Rotation& for_capacity(int capacity) const {
        return capacity > within.n_ctx_orig ? beyond : within;
    }
};

/// Names the two tensors. A file without them turns the same way in any context.
inline LongRope load_long_rope(const Rotation& rotation, WeightLoader& load) {
    LongRope rope{rotation, rotation};
    rope.within.freq_factors =
        load.optional_vector("rope_factors_short.weight", rotation.n_rot / 2);
    rope.beyond.freq_factors = load.optional_vector("rope_factors_long.weight", rotation.n_rot / 2);
    return rope;
}

}  // namespace infinipot
