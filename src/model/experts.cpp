#include "model/experts.h"

#include <cmath>

#include "tensor/kernels/matmul/matmul_experts.h"

namespace infinipot {

namespace {

// The smallest number that F16 holds with full precision; libllama divides by no smaller sum.
constexpr float smallest_sum = 6.103515625e-5f;

/// The experts of each token, I32 [n_used, n_tokens], and their weights, F32 [1, n_used, n_tokens].
struct Route {
    ggml_tensor *chosen, *weights;
};

ggml_tensor* gated(ggml_context* context, ggml_tensor* numbers, Gating gating) {
    switch (gating) {
        case Gating::softmax:
            return ggml_soft_max(context, numbers);
        case Gating::sigmoid:
            return ggml_sigmoid(context, numbers);
        default:
            return numbers;
    }
}

Route route(Operators& g, const Experts& experts, const Mixture& mixture, ggml_tensor* x) {
    ggml_context* context = g.context();
    ggml_tensor* scores = gated(context, g.linear(experts.router, x), mixture.gating);
    const std::int64_t n_expert = scores->ne[0], n_tokens = scores->ne[1], n_used = mixture.n_used;
    ggml_tensor* choosing =
        experts.selection_bias == nullptr ? scores : g.add(scores, experts.selection_bias);
    ggml_tensor* chosen = ggml_argsort_top_k(context, choosing, mixture.n_used);
    ggml_tensor* weights =
        ggml_get_rows(context, ggml_reshape_3d(context, scores, 1, n_expert, n_tokens), chosen);
    weights = ggml_reshape_2d(context, weights, n_used, n_tokens);
    if (mixture.gating == Gating::softmax_of_chosen) weights = ggml_soft_max(context, weights);
    if (mixture.normalised) {
        ggml_tensor* sum =
            ggml_clamp(context, ggml_sum_rows(context, weights), smallest_sum, INFINITY);
        weights = ggml_div(context, weights, sum);
    }
    weights = g.scale(weights, mixture.scale);
    return {chosen, ggml_reshape_3d(context, weights, 1, n_used, n_tokens)};
}

ggml_tensor* activated(Operators& g, const Mixture& mixture, ggml_tensor* gate, ggml_tensor* up) {
    return mixture.clamped ? g.clamped_swiglu(gate, up) : g.swiglu(gate, up);
}

/// Multiplies each token with the matrices of its experts, in ggml's operations.
/// x: [n_in, 1 or n_used, n_tokens]; the result: [n_out, n_used, n_tokens].
ggml_tensor* linear(Operators& g, const Matrices& matrices, ggml_tensor* x, ggml_tensor* chosen) {
    ggml_tensor* y = ggml_mul_mat_id(g.context(), matrices.weight, x, chosen);
    return matrices.bias == nullptr ? y : ggml_add_id(g.context(), y, matrices.bias, chosen);
}

ggml_tensor* mix_with_ggml(Operators& g, const Experts& experts, const Mixture& mixture,
                           const Route& route, ggml_tensor* x) {
    ggml_context* context = g.context();
    const std::int64_t n_embd = x->ne[0], n_tokens = x->ne[1];
    x = ggml_reshape_3d(context, x, n_embd, 1, n_tokens);
    ggml_tensor* up = linear(g, experts.up, x, route.chosen);
    ggml_tensor* gate = linear(g, experts.gate, x, route.chosen);
    ggml_tensor* outputs = linear(g, experts.down, activated(g, mixture, gate, up), route.chosen);
    outputs = ggml_mul(context, outputs, route.weights);  // [n_embd, n_used, n_tokens]

    const auto output = [&](int i) {
        return ggml_view_2d(context, outputs, n_embd, n_tokens, outputs->nb[2],
                            static_cast<std::size_t>(i) * outputs->nb[1]);
    };
    if (mixture.n_used == 1) return ggml_cont(context, output(0));
    ggml_tensor* sum = output(0);
    for (int i = 1; i < mixture.n_used; ++i) sum = g.add(sum, output(i));
    return sum;
}

/// Computes the same with our kernels. Rows of the intermediate results are sorted by expert.
ggml_tensor* mix_natively(Operators& g, const Experts& experts, const Mixture& mixture,
                          const Route& route, ggml_tensor* x) {
    ggml_context* context = g.context();
    ggml_tensor* groups = kernels::group_by_expert(context, route.chosen, experts.gate.n);
    const auto multiply = [&](const Matrices& m, ggml_tensor* x8) {
        ggml_tensor* y = kernels::matmul_experts(context, m.type, m.weight, x8, groups,
                                                 {.n_in = m.n_in, .n_out = m.n_out, .n = m.n});
        return m.bias == nullptr ? y : kernels::add_expert_rows(context, y, m.bias, groups);
    };
    const auto gathered = [&](ggml_type type) {
        return kernels::gather_columns(context, kernels::quantize_rows(context, type, x), groups);
    };
    ggml_tensor* x8 = gathered(experts.up.type);
    ggml_tensor* up = multiply(experts.up, x8);
    if (experts.gate.type != experts.up.type) x8 = gathered(experts.gate.type);
    ggml_tensor* h = activated(g, mixture, multiply(experts.gate, x8), up);
    ggml_tensor* outputs =
        multiply(experts.down, kernels::quantize_rows(context, experts.down.type, h));
    return kernels::sum_experts(context, outputs, route.weights, groups);
}

}  // namespace

Experts name_experts(WeightLoader& load, const std::string& prefix, const Hparams& hparams,
                     const Mixture& mixture) {
    const int n_embd = hparams.n_embd, n_ff = hparams.n_ff_expert, n = hparams.n_expert;
    const int n_used = mixture.n_used;
    const std::string gate = prefix + ".ffn_gate_exps", up = prefix + ".ffn_up_exps",
                      down = prefix + ".ffn_down_exps";
    const bool packed = load.packs_matrices(gate, n_embd, n_ff, n) &&
                        load.packs_matrices(up, n_embd, n_ff, n) &&
                        load.packs_matrices(down, n_ff, n_embd, n);
    Experts experts{.router = load.matrix(prefix + ".ffn_gate_inp", n_embd, n),
                    .gate = load.matrices(gate, n_embd, n_ff, n, n_used, packed),
                    .up = load.matrices(up, n_embd, n_ff, n, n_used, packed),
                    .down = load.matrices(down, n_ff, n_embd, n, n_used, packed)};
    if (mixture.biases) {
        experts.gate.bias = load.vectors(gate + ".bias", n_ff, n);
        experts.up.bias = load.vectors(up + ".bias", n_ff, n);
        experts.down.bias = load.vectors(down + ".bias", n_embd, n);
    }
    if (mixture.selection_bias)
        experts.selection_bias = load.optional_vector(prefix + ".exp_probs_b.bias", n);
    if (const int n_shared = hparams.n_ff_shared; n_shared > 0) {
        experts.shared = {load.matrix(prefix + ".ffn_gate_shexp", n_embd, n_shared),
                          load.matrix(prefix + ".ffn_up_shexp", n_embd, n_shared),
                          load.matrix(prefix + ".ffn_down_shexp", n_shared, n_embd)};
        experts.shared_gate = load.optional_vector(prefix + ".ffn_gate_inp_shexp.weight", n_embd);
    }
    return experts;
}

ggml_tensor* mix_experts(Operators& g, const Experts& experts, const Mixture& mixture,
                         ggml_tensor* x) {
    const Route to = route(g, experts, mixture, x);
    ggml_tensor* mixed = experts.gate.packed ? mix_natively(g, experts, mixture, to, x)
                                             : mix_with_ggml(g, experts, mixture, to, x);
    const FeedForward& shared = experts.shared;
    if (shared.down.weight == nullptr) return mixed;
    ggml_tensor* h = g.swiglu(g.linear(shared.gate, x), g.linear(shared.up, x));
    ggml_tensor* output = g.linear(shared.down, h);
    if (experts.shared_gate != nullptr) {
        ggml_tensor* gate = ggml_mul_mat(g.context(), experts.shared_gate, x);  // [1, n_tokens]
        output = ggml_mul(g.context(), output, ggml_sigmoid(g.context(), gate));
    }
    return g.add(mixed, output);
}

std::size_t expert_nodes(const Mixture& mixture) {
    return 48 + 2 * static_cast<std::size_t>(mixture.n_used);
}

}  // namespace infinipot
