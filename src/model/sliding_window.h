#pragma once

#include <vector>

#include "gguf/metadata.h"

namespace infinipot {

/// Sliding window of a model in which some layers are local: a token sees the last `size` tokens
/// there, its own included.
///
/// Tokens are counted as they were read, and local layers keep these alone: see LocalWindows. If
/// all layers are local, they are in the KV cache, and the window is counted in its slots, which
/// are positions after a renumbering. A window of at least the capacity then hides nothing. A
/// smaller one hides the oldest entries, until a distillation moves the survivors nearer.
struct SlidingWindow {
    int size = 0;                  ///< 0: no layer is local
    std::vector<bool> local = {};  ///< one flag for each layer; empty: no layer is local

    /// Returns Attention::window of a layer.
    int of(int il) const {
        return !local.empty() && local[static_cast<std::size_t>(il)] ? size : 0;
    }
};

/// Reads `attention.sliding_window` and its pattern. A pattern of n makes every n-th layer global
/// and the others local; 0 makes all of them local. A file may have one flag per layer instead.
/// @throws Error(bad_model) if the number of flags is not the number of layers.
SlidingWindow read_sliding_window(const GgufMetadata& metadata, int n_layer, int default_size,
                                  int default_pattern);

}  // namespace infinipot
