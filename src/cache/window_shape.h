#pragma once

#include <ggml.h>

namespace infinipot {

/// The sizes of LocalWindows.
struct WindowShape {
    int n_layer = 0;  ///< local layers; 0: the model has none
    int n_head_kv = 0;
    int n_embd_head = 0;
    int window = 0;       ///< tokens that a token sees, its own included
    int n_batch = 0;      ///< most tokens of a batch
    int n_positions = 0;  ///< RoPE positions are smaller; at least twice n_slots()
    ggml_type type = GGML_TYPE_F16;

    /// Returns the tokens per layer that there is room for: those that the first token of a batch
    /// sees besides itself, and the batch. One slot more makes a round number of most windows,
    /// which the attention of GPUs wants.
    int n_slots() const { return n_layer == 0 ? 0 : window + n_batch; }
};

}  // namespace infinipot
