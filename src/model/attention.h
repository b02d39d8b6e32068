#pragma once

#include "cache/rotation.h"

namespace infinipot {

/// How one layer attends: softmax(cap(scale * q·k) + mask), where cap(x) = softcap * tanh(x /
/// softcap), and the mask hides what comes later and what is further back than the window.
struct Attention {
    Rotation rotation;
    float scale = 0;  ///< what q·k is multiplied with
    /// Whether ggml is given queries that are scaled already, which rounds otherwise. It is what
    /// libllama does in some architectures.
    bool scale_queries = false;
    float softcap = 0;  ///< 0: logits are not capped
    int window = 0;     ///< slots that a token sees, its own included; 0: all
};

}  // namespace infinipot
