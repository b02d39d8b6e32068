#pragma once

#include <vector>

#include "gguf/metadata.h"

namespace infinipot {

/// Layers of which some are local: their tokens see `size` slots back, their own included.
///
/// A window is counted in slots of the pot, which are the positions the model sees once they have
/// been reset. So a window as large as the pot hides nothing; a smaller one hides, in its layers
/// alone, the oldest of what the pot holds, until a distillation brings the survivors nearer.
struct SlidingWindow {
    int size = 0;  ///< 0: no layer is local
    std::vector<bool> local;

    /// What Attention::window of a layer is.
    int of(int il) const { return local[static_cast<std::size_t>(il)] ? size : 0; }
};

/// Reads `attention.sliding_window` and its pattern. A pattern of n makes every n-th layer global
/// and the others local, 0 makes all of them local; a file may also have one flag for each layer.
/// @throws Error(bad_model) if the flags are not one for each layer.
SlidingWindow read_sliding_window(const GgufMetadata& metadata, int n_layer, int default_size,
                                  int default_pattern);

}  // namespace infinipot
