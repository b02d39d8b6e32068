#pragma once

#include <ggml.h>

namespace infinipot {

/// The state of one recurrent layer, F32. See RecurrentShape.
struct LayerState {
    ggml_tensor* history = nullptr;  ///< [n_taps - 1, n_channels]
    ggml_tensor* memory = nullptr;   ///< [n_state, n_inner / n_head, n_head] or null
};

/// What a recurrent layer returns for a batch, and its state behind the batch.
struct Recurred {
    ggml_tensor* output = nullptr;  ///< F32 [n_embd, n_tokens]
    LayerState after;
};

}  // namespace infinipot
