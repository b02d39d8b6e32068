#pragma once

namespace infinipot {

/// The tokens of one forward pass and the slots they go to.
struct Batch {
    int first_slot = 0;  ///< the pot's n before the batch
    int n_tokens = 0;

    int end_slot() const { return first_slot + n_tokens; }
};

}  // namespace infinipot
