#include "model/recurrent/gated_delta_net.h"

#include <cmath>
#include <utility>

#include "model/recurrent/causal_convolution.h"

namespace infinipot {

namespace {

/// Returns x with vectors of length 1, by the rule of libllama.
ggml_tensor* unit(ggml_context* context, ggml_tensor* x, float eps) {
    const auto n = static_cast<float>(x->ne[0]);
    return ggml_scale(context, ggml_rms_norm(context, x, eps / n), 1.0f / std::sqrt(n));
}

/// Builds beta x and alpha x, each [n_head, n_tokens].
std::pair<ggml_tensor*, ggml_tensor*> rates(Operators& g, const GatedDeltaNet& layer,
                                            ggml_tensor* x) {
    if (layer.beta_alpha.weight == nullptr)
        return {g.linear(layer.beta, x), g.linear(layer.alpha, x)};
    ggml_context* context = g.context();
    const std::int64_t n_tokens = x->ne[1], n_head = layer.shape.n_head;
    const std::int64_t n_group = layer.shape.n_group, n = n_head / n_group;
    ggml_tensor* both =
        ggml_reshape_3d(context, g.linear(layer.beta_alpha, x), 2 * n, n_group, n_tokens);
    const auto part = [&](std::int64_t first) {
        ggml_tensor* view =
            ggml_view_3d(context, both, n, n_group, n_tokens, both->nb[1], both->nb[2],
                         static_cast<std::size_t>(first) * both->nb[0]);
        return ggml_cont_2d(context, view, n_head, n_tokens);
    };
    return {part(0), part(n)};
}

/// Repeats each group for its heads: [n_state, n_group, n_tokens] -> [n_state, n_head, n_tokens].
ggml_tensor* repeated(ggml_context* context, ggml_tensor* x, std::int64_t n_head) {
    const std::int64_t n_state = x->ne[0], n_group = x->ne[1], n_tokens = x->ne[2];
    if (n_group == n_head) return x;
    x = ggml_reshape_4d(context, x, n_state, 1, n_group, n_tokens);
    x = ggml_repeat_4d(context, x, n_state, n_head / n_group, n_group, n_tokens);
    return ggml_reshape_3d(context, x, n_state, n_head, n_tokens);
}

/// Runs the recurrence. Its result holds y [n_inner, n_tokens] and then the memory behind the
/// batch. qkv: [n_channels, n_tokens], convolved; beta, alpha: as rates() returns them.
ggml_tensor* recur(ggml_context* context, const GatedDeltaNet& layer, float eps,
                   ggml_tensor* memory, ggml_tensor* qkv, ggml_tensor* beta, ggml_tensor* alpha) {
    const auto& [kind, n_taps, n_inner, n_state, n_head, n_group] = layer.shape;
    const std::int64_t n_tokens = qkv->ne[1];
    const auto heads = [&](std::int64_t first, std::int64_t n) {
        return ggml_view_3d(context, qkv, n_state, n, n_tokens,
                            static_cast<std::size_t>(n_state) * qkv->nb[0], qkv->nb[1],
                            static_cast<std::size_t>(first) * qkv->nb[0]);
    };
    ggml_tensor* q = unit(context, heads(0, n_group), eps);
    ggml_tensor* k = unit(context, heads(std::int64_t{n_group} * n_state, n_group), eps);
    ggml_tensor* v = heads(std::int64_t{2} * n_group * n_state, n_head);
    if (layer.groups_neighbours()) {
        q = repeated(context, q, n_head);
        k = repeated(context, k, n_head);
    }
    beta = ggml_sigmoid(context, ggml_reshape_3d(context, beta, 1, n_head, n_tokens));
    alpha = ggml_softplus(context, ggml_add(context, alpha, layer.dt_bias));
    alpha = ggml_reshape_3d(context, ggml_mul(context, alpha, layer.decay), 1, n_head, n_tokens);
    return ggml_gated_delta_net(context, q, k, v, alpha, beta, memory, 1);
}

}  // namespace

GatedDeltaNet name_gated_delta_net(WeightLoader& load, const std::string& prefix,
                                   const RecurrentShape& shape, int n_embd) {
    const std::string ssm = prefix + ".ssm_";
    const int n_head = shape.n_head;
    GatedDeltaNet layer{.shape = shape};
    layer.qkv = load.matrix(prefix + ".attn_qkv", n_embd, shape.n_channels());
    layer.gate = load.matrix(prefix + ".attn_gate", n_embd, shape.n_inner);
    if (load.has(ssm + "ba.weight")) {
        layer.beta_alpha = load.matrix(ssm + "ba", n_embd, 2 * n_head);
    } else {
        layer.beta = load.matrix(ssm + "beta", n_embd, n_head);
        layer.alpha = load.matrix(ssm + "alpha", n_embd, n_head);
    }
    layer.kernel = load.vectors(ssm + "conv1d.weight", shape.n_taps, shape.n_channels());
    layer.dt_bias = load.vector(ssm + "dt.bias", n_head);
    layer.decay = load.vector(ssm + "a", n_head);
    layer.norm = load.vector(ssm + "norm.weight", shape.n_state);
    layer.out = load.matrix(ssm + "out", shape.n_inner, n_embd);
    return layer;
}

Recurred gated_delta_net(Operators& g, const GatedDeltaNet& layer, float eps,
                         const LayerState& before, ggml_tensor* x) {
    ggml_context* context = g.context();
    const RecurrentShape& shape = layer.shape;
    const std::int64_t n_tokens = x->ne[1], n_state = shape.n_state, n_head = shape.n_head;
    const Convolved convolved =
        causal_convolution(context, before.history, layer.kernel, g.linear(layer.qkv, x));
    ggml_tensor* z = g.linear(layer.gate, x);
    const auto [beta, alpha] = rates(g, layer, x);
    ggml_tensor* result = recur(context, layer, eps, before.memory,
                                ggml_silu(context, convolved.output), beta, alpha);
    const std::size_t row = static_cast<std::size_t>(n_state) * sizeof(float);
    ggml_tensor* y = ggml_view_3d(context, result, n_state, n_head, n_tokens, row,
                                  row * static_cast<std::size_t>(n_head), 0);
    ggml_tensor* memory = ggml_view_3d(
        context, result, n_state, n_state, n_head, row, row * static_cast<std::size_t>(n_state),
        row * static_cast<std::size_t>(n_head) * static_cast<std::size_t>(n_tokens));
    z = ggml_silu(context, ggml_reshape_3d(context, z, n_state, n_head, n_tokens));
    y = ggml_mul(context, g.rms_norm(y, layer.norm, eps), z);
    y = ggml_reshape_2d(context, y, shape.n_inner, n_tokens);
    return {g.linear(layer.out, y), {.history = convolved.history, .memory = memory}};
}

}  // namespace infinipot
