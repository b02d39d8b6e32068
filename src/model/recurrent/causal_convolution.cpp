#include "model/recurrent/causal_convolution.h"

namespace infinipot {

Convolved causal_convolution(ggml_context* context, ggml_tensor* history, ggml_tensor* kernel,
                             ggml_tensor* x) {
    ggml_tensor* inputs = ggml_concat(context, history, ggml_transpose(context, x), 0);
    const std::int64_t n_tokens = x->ne[1];
    ggml_tensor* last = ggml_view_2d(context, inputs, history->ne[0], inputs->ne[1], inputs->nb[1],
                                     static_cast<std::size_t>(n_tokens) * inputs->nb[0]);
    return {ggml_ssm_conv(context, inputs, kernel), last};
}

}  // namespace infinipot
