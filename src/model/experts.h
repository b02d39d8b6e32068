#pragma once

#include <string>

#include "model/hparams.h"
#include "model/operators.h"

/// Mixture of experts: a router chooses a few feed-forward networks for each token and adds up what
/// they return, weighted by its probabilities. Source: Shazeer et al. 2017, arXiv 1701.06538.
namespace infinipot {

/// How a router's numbers become the weights of experts.
enum class Gating {
    softmax,            ///< probabilities of all experts
    sigmoid,            ///< each number by itself
    softmax_of_chosen,  ///< the experts with the largest numbers, and a softmax over those
};

/// The rules of a mixture, the same in all layers.
struct Mixture {
    Gating gating = Gating::softmax;
    bool normalised = true;       ///< divide the weights of a token's experts by their sum
    float scale = 1;              ///< factor of the weights
    bool selection_bias = false;  ///< a vector is added to the numbers that choose, not to weights
    bool biases = false;          ///< experts have biases
    bool clamped = false;         ///< Operators::clamped_swiglu() instead of swiglu()
    int n_used = 0;               ///< experts of a token
};

/// The weights of one layer. Its matrices of experts are all packed, or none is.
struct Experts {
    Matrix router;                          ///< [n_embd, n_expert]
    ggml_tensor* selection_bias = nullptr;  ///< F32 [n_expert] or null
    Matrices gate;                          ///< [n_embd, n_ff_expert, n_expert]
    Matrices up;                            ///< the same shape
    Matrices down;                          ///< [n_ff_expert, n_embd, n_expert]
    FeedForward shared = {};                ///< used by every token; without weights: none
    /// F32 [n_embd] or null: the shared expert is multiplied by the sigmoid of its product with x.
    ggml_tensor* shared_gate = nullptr;
};

/// Names `prefix.ffn_gate_inp`, `_gate_exps`, `_up_exps`, `_down_exps` and, if the file and the
/// rules ask for them, biases, `exp_probs_b` and `ffn_*_shexp`.
Experts name_experts(WeightLoader& load, const std::string& prefix, const Hparams& hparams,
                     const Mixture& mixture);

/// Builds the sum over the chosen experts of weight * down(silu(gate x) * up x), and the shared
/// expert. x: [n_embd, n_tokens]; the result has x's shape.
ggml_tensor* mix_experts(Operators& g, const Experts& experts, const Mixture& mixture,
                         ggml_tensor* x);

/// Returns an upper bound on the graph nodes of mix_experts().
std::size_t expert_nodes(const Mixture& mixture);

}  // namespace infinipot
