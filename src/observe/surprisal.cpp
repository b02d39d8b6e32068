#include "observe/surprisal.h"

#include <algorithm>
#include <cmath>

namespace infinipot {

ggml_tensor* build_surprisal(ggml_context* context, ggml_tensor* logits, ggml_tensor* targets) {
    ggml_tensor* p = ggml_soft_max_inplace(context, logits);  // [n_vocab, n_tokens]
    if (targets != nullptr) {
        p = ggml_reshape_3d(context, p, 1, logits->ne[0], logits->ne[1]);  // [1, n_vocab, n_tokens]
        p = ggml_get_rows(context, p, targets);                            // [1, 1, n_tokens]
    } else {
        const std::size_t before = p->nb[1] - p->nb[0];
        p = ggml_cont(context, ggml_view_2d(context, p, 1, p->ne[1], p->nb[1], before));
    }
    p = ggml_clamp(context, p, std::exp(-largest_surprisal_nats), 1.0f);
    ggml_tensor* nats = ggml_neg(context, ggml_log(context, p));
    return ggml_reshape_1d(context, nats, logits->ne[1]);
}

float surprisal_from(std::span<const float> logits, std::int32_t token) {
    const double largest = *std::ranges::max_element(logits);
    double sum = 0;
    for (const float logit : logits) sum += std::exp(logit - largest);
    return static_cast<float>(largest + std::log(sum) - logits[static_cast<std::size_t>(token)]);
}

}  // namespace infinipot
