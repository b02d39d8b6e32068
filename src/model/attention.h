#pragma once

#include <cmath>

#include "cache/rotation.h"

namespace infinipot {

/// Factor of the queries that grows with their position p: 1 + scale * ln(1 + floor(p / span)).
/// Source: Meta 2025, Llama 4.
struct Temperature {
    float scale = 0;  ///< 0: the factor is 1 everywhere
    int span = 0;     ///< positions

    float at(int position) const {
        if (scale == 0) return 1.0f;
        const float place = static_cast<float>(position) / static_cast<float>(span);
        return static_cast<float>(std::log(std::floor(static_cast<double>(place)) + 1.0) *
                                      static_cast<double>(scale) +
                                  1.0);
    }
};

/// Attention of one layer: softmax(cap(scale * q·k) + mask), where cap(x) = softcap * tanh(x /
/// softcap). The mask hides later slots and slots farther back than the window.
struct Attention {
    Rotation rotation;
    float scale = 0;  ///< factor of q·k
    /// Scale the queries before ggml's attention instead of inside it, which rounds differently.
    /// libllama does so in some architectures.
    bool scale_queries = false;
    float softcap = 0;  ///< 0: logits are not capped
    int window = 0;     ///< tokens that a token sees, its own included; 0: all of them
    Temperature temperature = {};
    /// F32 [n_head] or null: a logit for each head, which takes part in the softmax and has no
    /// value. Source: Xiao et al. 2023, arXiv 2309.17453, section 3.2; OpenAI 2025, gpt-oss.
    ggml_tensor* sinks = nullptr;
    /// Weights of norms that come after RoPE, F32 [n_embd_head] or null. Rotated queries are
    /// multiplied by both: q·(w k) is (w q)·k, and keys can then be rotated again without them.
    ggml_tensor* query_weight = nullptr;
    ggml_tensor* key_weight = nullptr;
    /// Bias that all keys contain before RoPE, F32 [n_embd_head * n_head_kv] or null.
    ggml_tensor* key_bias = nullptr;
};

}  // namespace infinipot
