#include "observe/expected_attention.h"

#include <vector>

#include "cache/mean_rotation.h"

namespace infinipot {

ggml_tensor* build_expected_attention(ggml_context* context, const KvCache& cache, int il,
                                      int first, int n_kv, int n_head, float scale,
                                      ggml_tensor* sinks, ExpectedAttentionInputs& inputs) {
    ggml_tensor* const rotated_keys = cache.rotated_keys(il);
    const std::int64_t d = rotated_keys->ne[0], n_head_kv = rotated_keys->ne[2];
    const std::int64_t n = n_kv - first, n_group = n_head / n_head_kv;
    inputs.mean = ggml_new_tensor_3d(context, GGML_TYPE_F32, d, 1, n_head);
    inputs.covariance = ggml_new_tensor_3d(context, GGML_TYPE_F32, d, d, n_head);
    ggml_set_input(inputs.mean);
    ggml_set_input(inputs.covariance);

    ggml_tensor* k =
        ggml_view_3d(context, rotated_keys, d, n, n_head_kv, rotated_keys->nb[1],
                     rotated_keys->nb[2], static_cast<std::size_t>(first) * rotated_keys->nb[1]);
    k = cache.key_centres().load_rotated(context, k, il);  // the queries' statistics know no others
    k = ggml_cast(context, k, GGML_TYPE_F32);
    k = ggml_reshape_4d(context, k, d, n, 1, n_head_kv);
    k = ggml_repeat_4d(context, k, d, n, n_group, n_head_kv);
    k = ggml_reshape_3d(context, k, d, n, n_head);

    ggml_tensor* linear = ggml_mul_mat(context, k, inputs.mean);  // [n, 1, n_head]
    linear = ggml_scale(context, ggml_reshape_2d(context, linear, n, n_head), scale);
    ggml_tensor* square = ggml_mul_mat(context, inputs.covariance, k);  // [d, n, n_head]
    square = ggml_sum_rows(context, ggml_mul(context, square, k));      // [1, n, n_head]
    square = ggml_scale(context, ggml_reshape_2d(context, square, n, n_head), scale * scale / 2);

    ggml_tensor* p = ggml_add(context, linear, square);  // [n, n_head]
    p = ggml_soft_max(context, ggml_reshape_3d(context, p, n, 1, n_head));
    if (sinks != nullptr) ggml_soft_max_add_sinks(p, sinks);
    p = ggml_reshape_3d(context, p, n, n_group, n_head_kv);
    p = ggml_sum_rows(context,
                      ggml_cont(context, ggml_transpose(context, p)));  // [1, n, n_head_kv]
    p = ggml_scale(context, p, 1.0f / static_cast<float>(n_group));
    return ggml_reshape_2d(context, p, n, n_head_kv);
}

void rotate_to_future(const RotationTable& table, int first, int n_embd_head, std::span<float> mean,
                      std::span<float> covariance) {
    const MeanRotation rotation(table, first, n_future_positions);
    const auto d = static_cast<std::size_t>(n_embd_head);
    for (std::size_t at = 0; at < mean.size(); at += d) rotation.apply(mean.data() + at);
    for (std::size_t head = 0; head < covariance.size(); head += d * d) {  // R Σ Rᵀ
        float* const matrix = covariance.data() + head;
        for (std::size_t i = 0; i < d; ++i) rotation.apply(matrix + i, d);
        for (std::size_t i = 0; i < d; ++i) rotation.apply(matrix + i * d, 1);
    }
}

}  // namespace infinipot
