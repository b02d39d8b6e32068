#pragma once

#include <ggml.h>

namespace infinipot {

/// Rotary position embedding of a layer, in the terms of ggml_rope_ext: pair i of a vector at
/// position p turns by p * freq_scale * freq_base^(-2i/n_rot) / freq_factors[i]. The default is the
/// rotation of a layer without RoPE, which leaves vectors as they are.
struct Rotation {
    int n_rot = 0;  ///< 0: no RoPE
    int mode = 0;   ///< GGML_ROPE_TYPE_*: 0 rotates neighbours, NEOX rotates halves
    int n_ctx_orig = 0;
    float freq_base = 10000.0f;
    float freq_scale = 1.0f;
    float ext_factor = 0.0f;
    float attn_factor = 1.0f;
    float beta_fast = 32.0f;
    float beta_slow = 1.0f;
    ggml_tensor* freq_factors = nullptr;  ///< F32 [n_rot/2] or null

    bool operator==(const Rotation&) const = default;

    /// Returns whether any element turns.
    bool turns() const { return n_rot > 0; }

    /// Adds the rotation of x to a graph. x: [n_embd_head, heads, n], positions: I32 [n]; the
    /// result has x's shape and type. It is x if nothing turns.
    ggml_tensor* apply(ggml_context* context, ggml_tensor* x, ggml_tensor* positions) const {
        if (!turns()) return x;
        return ggml_rope_ext(context, x, positions, freq_factors, n_rot, mode, n_ctx_orig,
                             freq_base, freq_scale, ext_factor, attn_factor, beta_fast, beta_slow);
    }
};

}  // namespace infinipot
