#include "model/recurrent/mamba2.h"

#include "model/recurrent/causal_convolution.h"

namespace infinipot {

namespace {

/// Returns rows [first, first + n) of x, [n, n_tokens].
ggml_tensor* rows(ggml_context* context, ggml_tensor* x, std::int64_t first, std::int64_t n) {
    return ggml_view_2d(context, x, n, x->ne[1], x->nb[1],
                        static_cast<std::size_t>(first) * x->nb[0]);
}

/// Returns rows from `first` on as heads: [n, n_heads, n_tokens].
ggml_tensor* heads(ggml_context* context, ggml_tensor* x, std::int64_t first, std::int64_t n,
                   std::int64_t n_heads) {
    return ggml_view_3d(context, x, n, n_heads, x->ne[1], static_cast<std::size_t>(n) * x->nb[0],
                        x->nb[1], static_cast<std::size_t>(first) * x->nb[0]);
}

/// Runs the state-space model of each head. Its result holds y [n_inner, n_tokens] and then the
/// memory behind the batch. xbc: [n_channels, n_tokens]; dt: [n_head, n_tokens].
ggml_tensor* scan(ggml_context* context, const Mamba2& layer, ggml_tensor* memory, ggml_tensor* xbc,
                  ggml_tensor* dt) {
    const auto& [kind, n_taps, n_inner, n_state, n_head, n_group] = layer.shape;
    ggml_tensor* first_sequence =
        ggml_cast(context, ggml_arange(context, 0.0f, 1.0f, 1.0f), GGML_TYPE_I32);
    ggml_tensor* x = heads(context, xbc, 0, n_inner / n_head, n_head);
    ggml_tensor* b = heads(context, xbc, n_inner, n_state, n_group);
    ggml_tensor* c = heads(context, xbc, n_inner + n_group * n_state, n_state, n_group);
    return ggml_ssm_scan(context, memory, x, dt, layer.a, b, c, first_sequence, 1);
}

}  // namespace

Mamba2 name_mamba2(WeightLoader& load, const std::string& prefix, const RecurrentShape& shape,
                   int n_embd) {
    const std::string ssm = prefix + ".ssm_";
    const int n_channels = shape.n_channels();
    Mamba2 layer{.shape = shape};
    layer.in = load.matrix(ssm + "in", n_embd, shape.n_inner + n_channels + shape.n_head);
    layer.kernel = load.vectors(ssm + "conv1d.weight", shape.n_taps, n_channels);
    layer.kernel_bias = load.optional_vector(ssm + "conv1d.bias", n_channels);
    layer.dt_bias = load.vector(ssm + "dt.bias", shape.n_head);
    layer.a = load.vectors(ssm + "a", 1, shape.n_head);
    layer.d = load.vectors(ssm + "d", 1, shape.n_head);
    if (load.has(ssm + "norm.weight"))
        layer.norm =
            load.vectors(ssm + "norm.weight", shape.n_inner / shape.n_group, shape.n_group);
    layer.out = load.matrix(ssm + "out", shape.n_inner, n_embd);
    return layer;
}

Recurred mamba2(Operators& g, const Mamba2& layer, float eps, const LayerState& before,
                ggml_tensor* x) {
    ggml_context* context = g.context();
    const RecurrentShape& shape = layer.shape;
    const std::int64_t n_tokens = x->ne[1], n_inner = shape.n_inner, n_head = shape.n_head;
    const std::int64_t n_channels = shape.n_channels(), head_size = n_inner / n_head;

    ggml_tensor* parts = g.linear(layer.in, x);
    const Convolved convolved = causal_convolution(context, before.history, layer.kernel,
                                                   rows(context, parts, n_inner, n_channels));
    ggml_tensor* xbc = convolved.output;
    if (layer.kernel_bias != nullptr) xbc = ggml_add(context, xbc, layer.kernel_bias);
    xbc = ggml_silu(context, xbc);

    ggml_tensor* dt = ggml_cont(context, rows(context, parts, n_inner + n_channels, n_head));
    ggml_tensor* scanned =
        scan(context, layer, before.memory, xbc, ggml_add(context, dt, layer.dt_bias));
    ggml_tensor* memory = ggml_view_3d(
        context, scanned, shape.n_state, head_size, n_head, before.memory->nb[1],
        before.memory->nb[2], static_cast<std::size_t>(n_inner * n_tokens) * sizeof(float));
    ggml_tensor* y = ggml_view_3d(context, scanned, head_size, n_head, n_tokens,
                                  static_cast<std::size_t>(head_size) * sizeof(float),
                                  static_cast<std::size_t>(n_inner) * sizeof(float), 0);
    ggml_tensor* values = heads(context, xbc, 0, head_size, n_head);
    y = ggml_add(context, y, ggml_mul(context, values, layer.d));

    ggml_tensor* z = ggml_cont(context, heads(context, parts, 0, head_size, n_head));
    y = g.swiglu(z, y);
    if (layer.norm != nullptr) {
        y = ggml_reshape_3d(context, y, n_inner / shape.n_group, shape.n_group, n_tokens);
        y = g.rms_norm(y, layer.norm, eps);
    }
    ggml_tensor* output = g.linear(layer.out, ggml_reshape_2d(context, y, n_inner, n_tokens));
    return {output, {.history = convolved.history, .memory = memory}};
}

}  // namespace infinipot
