#include "observe/attention_mass.h"

#include "model/plain_attention.h"

namespace infinipot {

AttentionMass::AttentionMass(const CacheShape& shape, ggml_backend_buffer_type_t type)
    : shape_(shape), context_(make_description_context(1)) {
    mass_ = ggml_new_tensor_3d(context_.get(), GGML_TYPE_F32, shape.capacity, shape.n_head_kv,
                               shape.n_layer);
    ggml_set_name(mass_, "attention_mass");
    buffer_ = allocate_unset_tensors(context_.get(), type, "the attention scores");
    if (!ggml_backend_buffer_is_host(buffer_.get())) copy_.resize(n_elements(mass_));
}

ggml_tensor* build_attention_mass(ggml_context* context, const AttentionInputs& inputs) {
    ggml_tensor* const queries = inputs.queries;
    ggml_tensor* const keys = inputs.rotated_keys;
    const std::int64_t n_kv = keys->ne[1];
    const std::int64_t n_head_kv = keys->ne[2];
    const std::int64_t n_group = queries->ne[2] / n_head_kv;

    ggml_tensor* p = attention_probabilities(context, queries, keys, inputs.mask, inputs.scale,
                                             inputs.softcap, inputs.sinks);
    p = ggml_reshape_3d(context, p, n_kv, queries->ne[1] * n_group, n_head_kv);
    p = ggml_cont(context, ggml_transpose(context, p));  // [n_tokens * group, n_kv, n_head_kv]
    p = ggml_sum_rows(context, p);                       // [1, n_kv, n_head_kv]
    p = ggml_scale(context, p, 1.0f / static_cast<float>(n_group));
    return ggml_reshape_2d(context, p, n_kv, n_head_kv);
}

ggml_tensor* AttentionMass::of_layer(ggml_context* context, int il) const {
    return ggml_view_2d(context, mass_, mass_->ne[0], mass_->ne[1], mass_->nb[1],
                        static_cast<std::size_t>(il) * mass_->nb[2]);
}

AttentionHook AttentionMass::hook(ggml_context* context, ggml_cgraph* graph) const {
    return [this, context, graph](int il, const AttentionInputs& inputs) {
        ggml_tensor* measured = build_attention_mass(context, inputs);
        ggml_tensor* layer =
            ggml_view_2d(context, mass_, measured->ne[0], measured->ne[1], mass_->nb[1],
                         static_cast<std::size_t>(il) * mass_->nb[2]);
        ggml_build_forward_expand(graph, ggml_cpy(context, measured, layer));
    };
}

void AttentionMass::add_to(std::span<float> sums, int n_kv) {
    const float* mass = read_from(mass_, copy_);
    const auto capacity = static_cast<std::size_t>(shape_.capacity);
    for (std::size_t row = 0; row < sums.size(); row += capacity) {
        for (std::size_t slot = 0; slot < static_cast<std::size_t>(n_kv); ++slot) {
            sums[row + slot] += mass[row + slot];
        }
    }
}

}  // namespace infinipot
