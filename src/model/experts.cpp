#include "model/experts.h"

#include <cmath>

namespace infinipot {

namespace {

// The smallest number that F16 holds with full precision; libllama divides by no smaller sum.
constexpr float smallest_sum = 6.103515625e-5f;

/// Returns the weights of the chosen experts, `chosen` I32 [n_used, n_tokens]: [1, n_used,
/// n_tokens].
ggml_tensor* weights_of(ggml_context* context, ggml_tensor* probabilities, ggml_tensor* chosen,
                        bool normalised) {
    const std::int64_t n_expert = probabilities->ne[0], n_tokens = probabilities->ne[1];
    ggml_tensor* weights = ggml_get_rows(
        context, ggml_reshape_3d(context, probabilities, 1, n_expert, n_tokens), chosen);
    if (!normalised) return weights;
    const std::int64_t n_used = chosen->ne[0];
    weights = ggml_reshape_2d(context, weights, n_used, n_tokens);
    ggml_tensor* sum = ggml_clamp(context, ggml_sum_rows(context, weights), smallest_sum, INFINITY);
    return ggml_reshape_3d(context, ggml_div(context, weights, sum), 1, n_used, n_tokens);
}

}  // namespace

Experts name_experts(WeightLoader& load, const std::string& prefix, const Hparams& hparams) {
    const int n_embd = hparams.n_embd, n_ff = hparams.n_ff_expert, n = hparams.n_expert;
    return {.router = load.matrix(prefix + ".ffn_gate_inp", n_embd, n),
            .gate = load.matrices(prefix + ".ffn_gate_exps.weight", n_embd, n_ff, n),
            .up = load.matrices(prefix + ".ffn_up_exps.weight", n_embd, n_ff, n),
            .down = load.matrices(prefix + ".ffn_down_exps.weight", n_ff, n_embd, n)};
}

ggml_tensor* mix_experts(Operators& g, const Experts& experts, int n_used, bool normalised,
                         ggml_tensor* x) {
    ggml_context* context = g.context();
    const std::int64_t n_embd = x->ne[0], n_tokens = x->ne[1];
    ggml_tensor* probabilities = ggml_soft_max(context, g.linear(experts.router, x));
    ggml_tensor* chosen = ggml_argsort_top_k(context, probabilities, n_used);
    ggml_tensor* weights = weights_of(context, probabilities, chosen, normalised);

    x = ggml_reshape_3d(context, x, n_embd, 1, n_tokens);
    ggml_tensor* up = ggml_mul_mat_id(context, experts.up, x, chosen);
    ggml_tensor* gate = ggml_mul_mat_id(context, experts.gate, x, chosen);
    ggml_tensor* outputs = ggml_mul_mat_id(context, experts.down, g.swiglu(gate, up), chosen);
    outputs = ggml_mul(context, outputs, weights);  // [n_embd, n_used, n_tokens]

    const auto output = [&](int i) {
        return ggml_view_2d(context, outputs, n_embd, n_tokens, outputs->nb[2],
                            static_cast<std::size_t>(i) * outputs->nb[1]);
    };
    if (n_used == 1) return ggml_cont(context, output(0));
    ggml_tensor* sum = output(0);
    for (int i = 1; i < n_used; ++i) sum = g.add(sum, output(i));
    return sum;
}

std::size_t expert_nodes(int n_used) { return 24 + 2 * static_cast<std::size_t>(n_used); }

}  // namespace infinipot
