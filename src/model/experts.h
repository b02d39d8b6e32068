#pragma once

#include <string>

#include "model/hparams.h"
#include "model/operators.h"

/// Mixture of experts: a router chooses a few feed-forward networks for each token and adds up what
/// they return, weighted by its probabilities. Source: Shazeer et al. 2017, arXiv 1701.06538.
namespace infinipot {

/// The weights of one layer. Experts stay as the file has them: on the CPU they are mapped.
struct Experts {
    Matrix router;                ///< [n_embd, n_expert]
    ggml_tensor* gate = nullptr;  ///< [n_embd, n_ff_expert, n_expert]
    ggml_tensor* up = nullptr;    ///< the same shape
    ggml_tensor* down = nullptr;  ///< [n_ff_expert, n_embd, n_expert]
};

/// Names `prefix.ffn_gate_inp`, `_gate_exps`, `_up_exps` and `_down_exps`.
Experts name_experts(WeightLoader& load, const std::string& prefix, const Hparams& hparams);

/// Builds the sum over the n_used most probable experts of probability * down(silu(gate x) * up x).
/// With `normalised`, the probabilities of those experts are divided by their sum.
/// x: [n_embd, n_tokens]; the result has x's shape.
ggml_tensor* mix_experts(Operators& g, const Experts& experts, int n_used, bool normalised,
                         ggml_tensor* x);

/// Returns an upper bound on the graph nodes of mix_experts().
std::size_t expert_nodes(int n_used);

}  // namespace infinipot
