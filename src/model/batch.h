#pragma once

namespace infinipot {

/// The tokens of one forward pass and their slots in the KV cache and in LocalWindows.
struct Batch {
    int first_slot = 0;  ///< number of entries in the KV cache before the batch
    int n_tokens = 0;
    int first_in_window = 0;  ///< number of tokens in the windows before the batch

    int end_slot() const { return first_slot + n_tokens; }
};

}  // namespace infinipot
