#pragma once

#include <string>

#include "model/operators.h"
#include "model/recurrent/layer_state.h"
#include "model/recurrent/shape.h"

namespace infinipot {

/// A gated delta net. Per head, a memory M maps keys to values: M = a M; M += b (v - M k) k'; y =
/// M q / sqrt(n_state). Decay a = exp(decay * softplus(alpha x + bias)) and rate b = sigmoid(beta
/// x) depend on the token. q, k and v come out of a convolution, and q and k have length 1; the
/// result is out(norm(y) * silu(gate x)). Source: Yang et al. 2024, arXiv 2412.06464.
struct GatedDeltaNet {
    RecurrentShape shape;
    Matrix qkv = {};                 ///< [n_embd, n_channels]: all queries, all keys, all values
    Matrix gate = {};                ///< [n_embd, n_inner]
    Matrix beta = {}, alpha = {};    ///< [n_embd, n_head]; no weights if they are one matrix
    Matrix beta_alpha = {};          ///< [n_embd, 2 n_head], beta and alpha for each group
    ggml_tensor* kernel = nullptr;   ///< F32 [n_taps, n_channels]
    ggml_tensor* dt_bias = nullptr;  ///< F32 [n_head]
    ggml_tensor* decay = nullptr;    ///< F32 [n_head], negative
    ggml_tensor* norm = nullptr;     ///< F32 [n_state]
    Matrix out = {};                 ///< [n_inner, n_embd]

    /// Whether the values of a group are neighbours. Else head h belongs to group h mod n_group.
    bool groups_neighbours() const { return beta_alpha.weight != nullptr; }
};

/// Names `prefix.attn_qkv`, `.attn_gate` and `.ssm_*`, with `ssm_ba` or with `ssm_beta` and
/// `ssm_alpha`.
GatedDeltaNet name_gated_delta_net(WeightLoader& load, const std::string& prefix,
                                   const RecurrentShape& shape, int n_embd);

/// Builds the layer. x: [n_embd, n_tokens]; eps: of its norms.
Recurred gated_delta_net(Operators& g, const GatedDeltaNet& layer, float eps,
                         const LayerState& before, ggml_tensor* x);

/// Upper bound on the graph nodes of gated_delta_net().
inline constexpr std::size_t gated_delta_net_nodes = 64;

}  // namespace infinipot
