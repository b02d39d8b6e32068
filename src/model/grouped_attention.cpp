#include "model/grouped_attention.h"

#include <ggml-backend.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "model/operators.h"
#include "model/plain_attention.h"
#include "tensor/handles.h"

namespace infinipot {

namespace {

constexpr std::int64_t score_bytes = 16 << 20;

template <typename T>
void set(ggml_tensor* tensor, const std::vector<T>& values) {
    ggml_backend_tensor_set(tensor, values.data(), 0, values.size() * sizeof(T));
}

}  // namespace

GroupedInputs make_grouped_inputs(ggml_context* context, int n_kv, int n_tokens) {
    return {new_input(context, GGML_TYPE_I32, n_tokens, 1, "grouped_query_positions"),
            new_input(context, GGML_TYPE_I32, n_kv, 1, "grouped_key_positions")};
}

ggml_tensor* make_near_input(ggml_context* context, int n_kv, int n_tokens) {
    return new_input(context, GGML_TYPE_F32, n_kv, n_tokens, "near");
}

void set_grouped_inputs(const Batch& batch, const Positions& positions,
                        const GroupedInputs& inputs) {
    const auto n_kv = static_cast<int>(inputs.key_positions->ne[0]);
    const int shift = positions.neighbours - positions.neighbours / positions.group;
    std::vector<std::int32_t> of_queries, of_keys;
    for (int j = 0; j < n_kv; ++j) of_keys.push_back(j / positions.group);
    for (int i = batch.first_slot; i < batch.end_slot(); ++i)
        of_queries.push_back(i / positions.group + shift);
    set(inputs.query_positions, of_queries);
    set(inputs.key_positions, of_keys);
    if (inputs.near == nullptr) return;
    std::vector<float> near;
    for (int i = batch.first_slot; i < batch.end_slot(); ++i)
        for (int j = 0; j < n_kv; ++j) near.push_back(i - j < positions.neighbours ? 1.0f : 0.0f);
    set(inputs.near, near);
}

ggml_tensor* grouped_attention(ggml_context* context, const GroupedOperands& x) {
    ggml_tensor* p =
        ggml_mul_mat(context, x.near_keys, x.near_queries);  // [n_kv, n_tokens, n_head]
    ggml_tensor* far = ggml_mul_mat(context, x.far_keys, x.far_queries);
    p = ggml_mul(context, ggml_sub(context, p, far), x.near);
    p = ggml_scale(context, ggml_add(context, far, p), x.scale);
    p = ggml_soft_max_ext(context, Operators(context).softcap(p, x.softcap), x.mask, 1.0f, 0.0f);
    if (x.sinks != nullptr) ggml_soft_max_add_sinks(p, x.sinks);
    return weighted_values(context, x.values, p);
}

int grouped_batch_tokens(int capacity, int n_head) {
    const std::int64_t row_bytes = std::int64_t{4} * capacity * n_head;
    return static_cast<int>(std::max<std::int64_t>(1, score_bytes / row_bytes));
}

}  // namespace infinipot
