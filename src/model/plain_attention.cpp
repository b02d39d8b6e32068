#include "model/plain_attention.h"

#include "model/operators.h"

namespace infinipot {

ggml_tensor* attention_probabilities(ggml_context* context, ggml_tensor* queries, ggml_tensor* keys,
                                     ggml_tensor* mask, float scale, float softcap,
                                     ggml_tensor* sinks) {
    ggml_tensor* p = ggml_mul_mat(context, keys, queries);  // [n_kv, n_tokens, n_head]
    ggml_prec_set_acc(p, GGML_PREC_F32);
    p = Operators(context).softcap(ggml_scale(context, p, scale), softcap);
    p = ggml_soft_max_ext(context, p, mask, 1.0f, 0.0f);
    if (sinks != nullptr) ggml_soft_max_add_sinks(p, sinks);
    return p;
}

ggml_tensor* weighted_values(ggml_context* context, ggml_tensor* values,
                             ggml_tensor* probabilities) {
    ggml_tensor* v = ggml_cont(context, ggml_transpose(context, values));
    ggml_tensor* mixed =
        ggml_mul_mat(context, v, probabilities);  // [n_embd_head, n_tokens, n_head]
    ggml_prec_set_acc(mixed, GGML_PREC_F32);
    return ggml_reshape_2d(context, ggml_cont(context, ggml_permute(context, mixed, 0, 2, 1, 3)),
                           mixed->ne[0] * mixed->ne[2], mixed->ne[1]);
}

}  // namespace infinipot
