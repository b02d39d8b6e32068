#pragma once

#include "cache/rotation.h"

namespace infinipot {

/// Attention of one layer: softmax(cap(scale * q·k) + mask), where cap(x) = softcap * tanh(x /
/// softcap). The mask hides later slots and slots farther back than the window.
struct Attention {
    Rotation rotation;
    float scale = 0;  ///< factor of q·k
    /// Scale the queries before ggml's attention instead of inside it, which rounds differently.
    /// libllama does so in some architectures.
    bool scale_queries = false;
    float softcap = 0;  ///< 0: logits are not capped
    int window = 0;     ///< slots that a token sees, its own included; 0: all of them
};

}  // namespace infinipot
