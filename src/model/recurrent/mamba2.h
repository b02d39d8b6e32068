#pragma once

#include <string>

#include "model/operators.h"
#include "model/recurrent/layer_state.h"
#include "model/recurrent/shape.h"

namespace infinipot {

/// A Mamba 2 layer: a state-space model whose step size, inputs and outputs depend on the token.
/// Per head, with d = softplus(dt + dt_bias): memory = exp(a d) memory + d x B', and y = memory C +
/// D x. x, B and C come out of a convolution; the result is out(norm(silu(z) * y)). Source: Dao and
/// Gu 2024, arXiv 2405.21060.
struct Mamba2 {
    RecurrentShape shape;
    Matrix in = {};  ///< [n_embd, 2 n_inner + 2 n_group n_state + n_head]: z, x, B, C, dt
    ggml_tensor* kernel = nullptr;       ///< F32 [n_taps, n_channels]
    ggml_tensor* kernel_bias = nullptr;  ///< F32 [n_channels] or null
    ggml_tensor* dt_bias = nullptr;      ///< F32 [n_head]
    ggml_tensor* a = nullptr;            ///< F32 [1, n_head], negative
    ggml_tensor* d = nullptr;            ///< F32 [1, n_head]
    ggml_tensor* norm = nullptr;         ///< F32 [n_inner / n_group, n_group] or null
    Matrix out = {};                     ///< [n_inner, n_embd]
};

/// Names the tensors `prefix.ssm_*`. The norm may be missing.
Mamba2 name_mamba2(WeightLoader& load, const std::string& prefix, const RecurrentShape& shape,
                   int n_embd);

/// Builds the layer. x: [n_embd, n_tokens]; eps: of its norm.
Recurred mamba2(Operators& g, const Mamba2& layer, float eps, const LayerState& before,
                ggml_tensor* x);

/// Upper bound on the graph nodes of mamba2().
inline constexpr std::size_t mamba2_nodes = 40;

}  // namespace infinipot
