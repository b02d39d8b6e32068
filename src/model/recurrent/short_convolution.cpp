#include "model/recurrent/short_convolution.h"

#include "model/recurrent/causal_convolution.h"

namespace infinipot {

ShortConvolution name_short_convolution(WeightLoader& load, const std::string& prefix,
                                        const RecurrentShape& shape) {
    const int n = shape.n_inner;
    return {.in = load.matrix(prefix + ".shortconv.in_proj", n, 3 * n),
            .kernel = load.vectors(prefix + ".shortconv.conv.weight", shape.n_taps, n),
            .out = load.matrix(prefix + ".shortconv.out_proj", n, n)};
}

Recurred short_convolution(Operators& g, const ShortConvolution& layer, const LayerState& before,
                           ggml_tensor* x) {
    ggml_context* context = g.context();
    const std::int64_t n_embd = x->ne[0], n_tokens = x->ne[1];
    ggml_tensor* parts = g.linear(layer.in, x);
    const auto part = [&](std::int64_t i) {
        const std::int64_t first = i * n_embd;
        return ggml_view_2d(context, parts, n_embd, n_tokens, parts->nb[1],
                            static_cast<std::size_t>(first) * parts->nb[0]);
    };
    ggml_tensor* gated = ggml_mul(context, part(0), part(2));
    const Convolved convolved = causal_convolution(context, before.history, layer.kernel, gated);
    ggml_tensor* output = g.linear(layer.out, ggml_mul(context, part(1), convolved.output));
    return {output, {.history = convolved.history}};
}

}  // namespace infinipot
