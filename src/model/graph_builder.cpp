#include "model/graph_builder.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "cache/row_format.h"
#include "model/plain_attention.h"
#include "tensor/device.h"
#include "tensor/kernels/attention/attention.h"
#include "tensor/kernels/attention/observed_attention.h"
#include "tensor/kernels/attention/single_query.h"

namespace infinipot {

namespace {

// libllama gives attention a multiple of this many slots and masks the rest. With the same padding
// ggml's kernels split their work in the same places, and the results are equal bit for bit.
constexpr int slot_padding = 256;

int padded(int n, int capacity) {
    return std::min((n + slot_padding - 1) / slot_padding * slot_padding, capacity);
}

/// Returns whether the window of a layer of the KV cache is smaller than it. It depends on the
/// capacity and not on the number of entries, so that all batches of a session attend alike and
/// memory can be reserved for it.
bool hides(const Attention& attention, const CacheShape& shape) {
    return attention.window > 0 && attention.window < shape.capacity;
}

/// Returns whether we have a kernel for a layer with this attention.
bool have_kernel(const Hparams& hparams, const CacheShape& shape, const Attention& attention) {
    return attention.softcap == 0 &&
           kernels::attention_supported(shape.type, hparams.n_embd_head,
                                        hparams.n_head / hparams.n_head_kv);
}

}  // namespace

GraphBuilder::GraphBuilder(ggml_context* context, ggml_cgraph* graph, const Hparams& hparams,
                           Kernels kernels, const Stores& stores, const Batch& batch,
                           const Positions& positions, AttentionHook hook)
    : Operators(context),
      graph_(graph),
      hparams_(hparams),
      kernels_(kernels),
      stores_(stores),
      cache_(stores.pot),
      batch_(batch),
      n_kv_(padded(batch.end_slot(), cache_.shape().capacity)),
      hook_(std::move(hook)),
      inputs_{new_input(context, GGML_TYPE_I32, batch.n_tokens, 1, "tokens"),
              new_input(context, GGML_TYPE_I32, batch.n_tokens, 1, "positions"),
              new_input(context, GGML_TYPE_I32, batch.n_tokens, 1, "slots"),
              new_input(context, GGML_TYPE_F16, n_kv_, batch.n_tokens, "mask")} {
    if (const int n_slots = stores.windows.shape().n_slots(); n_slots > 0) {
        const int n = padded(batch.first_in_window + batch.n_tokens, n_slots);
        inputs_.local =
            WindowInputs{new_input(context, GGML_TYPE_I32, batch.n_tokens, 1, "window_positions"),
                         new_input(context, GGML_TYPE_I32, batch.n_tokens, 1, "window_slots"),
                         new_input(context, GGML_TYPE_F16, n, batch.n_tokens, "local_mask"),
                         stores.windows.shape().window};
    }
    if (positions.rule == Positions::grouped) {
        inputs_.grouped = make_grouped_inputs(context, n_kv_, batch.n_tokens);
        neighbours_ = positions.neighbours;
    }
}

ggml_tensor* GraphBuilder::embed(ggml_tensor* table) {
    return ggml_get_rows(context(), table, inputs_.tokens);  // [n_embd, n_tokens]
}

ggml_tensor* GraphBuilder::split_heads(ggml_tensor* x) {
    const std::int64_t n_heads = ggml_nelements(x) / hparams_.n_embd_head / batch_.n_tokens;
    return ggml_reshape_3d(context(), x, hparams_.n_embd_head, n_heads, batch_.n_tokens);
}

/// Permutes x: [n_embd_head, heads, n_tokens] -> [n_embd_head, n_tokens, heads].
ggml_tensor* GraphBuilder::by_head(ggml_tensor* x) {
    return ggml_permute(context(), x, 0, 2, 1, 3);
}

/// Returns whether attention reads Hadamard transforms in layer il of the pot, or in a window.
bool GraphBuilder::reads_transforms(int il) const {
    return uses_hadamard(cache_.shape().type) &&
           (il == in_window || !cache_.key_centres().turns(il));
}

/// Transforms queries, F32 [n_embd_head, n_head, n_tokens], as the keys are that they meet.
ggml_tensor* GraphBuilder::hadamard(int il, ggml_tensor* q) {
    return reads_transforms(il) ? hadamard_for(context(), cache_.shape().type, q) : q;
}

/// Undoes the transform of the stored values in the result of attention:
/// [n_embd_head * n_head, n_tokens].
ggml_tensor* GraphBuilder::undo_hadamard(int il, ggml_tensor* attended) {
    if (!reads_transforms(il)) return attended;
    return ggml_reshape_2d(context(), hadamard(il, split_heads(attended)), attended->ne[0],
                           attended->ne[1]);
}

/// Returns what attention reads of the first n entries. Copies of keys come without their bias as
/// it is at position 0, so that F16 rounds small numbers. The softmax cancels it.
GraphBuilder::Views GraphBuilder::views(const Entries& entries, int n) {
    ggml_tensor *keys = slots(entries.rotated_keys, n), *values = slots(entries.values, n);
    const KeyCentres& centres = cache_.key_centres();
    if (entries.is_local() || !centres.turns(entries.index_in_pot)) return {keys, values};
    const int il = entries.index_in_pot;
    ggml_tensor* bias = ggml_reshape_3d(context(), centres.keys(il), keys->ne[0], 1, keys->ne[2]);
    keys = ggml_sub(context(), centres.load_rotated(context(), keys, il), bias);
    return {ggml_cast(context(), keys, GGML_TYPE_F16),
            ggml_cast(context(), load_rows(context(), values), GGML_TYPE_F16)};
}

/// Stores rows [n_embd_head, n_head_kv, n_tokens] in slots of `to`.
void GraphBuilder::store(ggml_tensor* rows, ggml_tensor* to, ggml_tensor* slots,
                         ggml_tensor* centre) {
    ggml_build_forward_expand(graph_, store_rows(context(), rows, to, slots, centre));
}

/// Stores keys [n_embd_head, n_head_kv, n_tokens], before RoPE, and their rotated copies.
void GraphBuilder::store_keys(int il, ggml_tensor* k, const Attention& attention) {
    const KeyCentres& centres = cache_.key_centres();
    store(k, cache_.keys(il), inputs_.slots, centres.keys(il));
    if (centres.turns(il)) k = ggml_sub(context(), k, centres.keys(il));
    store(attention.rotation.apply(context(), k, inputs_.positions), cache_.rotated_keys(il),
          inputs_.slots, centres.rotated_keys(il));
}

/// Returns a view of the first `n` slots of `pot`: [n_embd_head, n, n_head_kv].
ggml_tensor* GraphBuilder::slots(ggml_tensor* pot, int n) {
    return ggml_view_3d(context(), pot, pot->ne[0], n, pot->ne[2], pot->nb[1], pot->nb[2], 0);
}

/// q: [n_embd_head, n_head, n_tokens], before RoPE; positions: I32 [n_tokens].
ggml_tensor* GraphBuilder::rotate_queries(ggml_tensor* q, ggml_tensor* positions,
                                          const Attention& attention) {
    q = attention.rotation.apply(context(), q, positions);
    for (ggml_tensor* weight : {attention.query_weight, attention.key_weight}) {
        if (weight != nullptr) q = ggml_mul(context(), q, weight);
    }
    if (attention.temperature.scale == 0) return q;
    return ggml_mul(context(), q, query_factors(attention.temperature));
}

/// Returns the input with the factors of the batch's queries: [1, 1, n_tokens].
ggml_tensor* GraphBuilder::query_factors(const Temperature& temperature) {
    if (inputs_.query_factors == nullptr) {
        inputs_.query_factors =
            new_input(context(), GGML_TYPE_F32, 1, batch_.n_tokens, "query_factors");
        inputs_.temperature = temperature;
    }
    return ggml_reshape_3d(context(), inputs_.query_factors, 1, 1, batch_.n_tokens);
}

void GraphBuilder::set_state(int il, int i, ggml_tensor* x) {
    ggml_build_forward_expand(graph_, ggml_cpy(context(), x, stores_.fixed.next(il, i)));
}

ggml_tensor* GraphBuilder::attend(int il, ggml_tensor* q, ggml_tensor* k, ggml_tensor* v,
                                  const Attention& attention) {
    const int i = stores_.layers.index(il);
    const bool is_local = stores_.layers.kind(il) == LayerKind::local;
    return is_local ? attend_in_window(i, q, k, v, attention)
                    : attend_in_pot(i, q, k, v, attention);
}

ggml_tensor* GraphBuilder::attend_in_window(int i, ggml_tensor* q, ggml_tensor* k, ggml_tensor* v,
                                            const Attention& attention) {
    const WindowInputs& inputs = *inputs_.local;
    const LocalWindows& windows = stores_.windows;
    q = hadamard(in_window, rotate_queries(split_heads(q), inputs.positions, attention));
    store(attention.rotation.apply(context(), split_heads(k), inputs.positions),
          windows.rotated_keys(i), inputs.slots);
    store(split_heads(v), windows.values(i), inputs.slots);
    const Entries entries{windows.rotated_keys(i),
                          windows.values(i),
                          batch_.first_in_window + batch_.n_tokens,
                          static_cast<int>(inputs.mask->ne[0]),
                          windows.shape().window,
                          in_window};
    return undo_hadamard(in_window, attend_to(entries, q, attention));
}

ggml_tensor* GraphBuilder::attend_in_pot(int il, ggml_tensor* q, ggml_tensor* k, ggml_tensor* v,
                                         const Attention& attention) {
    ggml_tensor* unrotated_q = split_heads(q);
    q = hadamard(il, rotate_queries(unrotated_q, inputs_.positions, attention));
    store_keys(il, split_heads(k), attention);
    store(split_heads(v), cache_.values(il), inputs_.slots);
    const Entries entries = entries_of_pot(il, attention);
    const bool observes_apart = mass_hook_ && !observes_natively(attention);
    if (hook_ || observes_apart) {
        const AttentionInputs inputs{
            unrotated_q,        by_head(q),      views(entries, n_kv_).keys,
            mask_of(attention), attention.scale, attention.softcap,
            attention.sinks};
        if (observes_apart) mass_hook_(il, inputs);
        if (hook_) hook_(il, inputs);
    }
    if (inputs_.grouped) return attend_in_groups(il, q, unrotated_q, attention);
    if (!layers_.empty()) return undo_hadamard(il, attend_outside(il, q));
    if (mass_hook_ && !observes_apart)
        return undo_hadamard(il, attend_observed(entries, q, attention));
    return undo_hadamard(il, attend_to(entries, q, attention));
}

GraphBuilder::Entries GraphBuilder::entries_of_pot(int i, const Attention& attention) const {
    return {cache_.rotated_keys(i),
            cache_.values(i),
            batch_.end_slot(),
            n_kv_,
            windowed(attention) ? attention.window : 0,
            i};
}

/// q: [n_embd_head, n_head, n_tokens], rotated, and transformed as keys are. The functions below
/// take the same.
ggml_tensor* GraphBuilder::attend_to(const Entries& entries, ggml_tensor* q,
                                     const Attention& attention) {
    return native(attention) ? attend_natively(entries, q, attention)
                             : attend_with_ggml(entries, q, attention);
}

bool GraphBuilder::windowed(const Attention& attention) const {
    return hides(attention, cache_.shape());
}

bool GraphBuilder::native(const Attention& attention) const {
    return kernels_ == Kernels::native && have_kernel(hparams_, cache_.shape(), attention);
}

bool GraphBuilder::observes_natively(const Attention& attention) const {
    return native(attention) && !windowed(attention) && !inputs_.grouped && layers_.empty() &&
           kernels::single_query_supported(cache_.rotated_keys(0)->type, hparams_.n_embd_head);
}

ggml_tensor* GraphBuilder::mask_of(const Attention& attention) {
    if (!windowed(attention)) return inputs_.mask;
    if (inputs_.window_mask == nullptr) {
        inputs_.window_mask =
            new_input(context(), GGML_TYPE_F16, n_kv_, batch_.n_tokens, "window_mask");
        inputs_.window = attention.window;
    }
    assert(inputs_.window == attention.window && "one window size in a graph");
    return inputs_.window_mask;
}

ggml_tensor* GraphBuilder::mask_of(const Entries& entries, const Attention& attention) {
    return entries.is_local() ? inputs_.local->mask : mask_of(attention);
}

bool groups_natively(const Hparams& hparams, Kernels kernels, const CacheShape& shape,
                     const Attention& attention) {
    return kernels == Kernels::native && shape.type == GGML_TYPE_F16 && !hides(attention, shape) &&
           have_kernel(hparams, shape, attention);
}

/// Attends with exact positions to neighbours and with group positions to the entries beyond.
ggml_tensor* GraphBuilder::attend_in_groups(int il, ggml_tensor* q, ggml_tensor* unrotated_q,
                                            const Attention& attention) {
    ggml_tensor* grouped_q =
        rotate_queries(unrotated_q, inputs_.grouped->query_positions, attention);
    const KeyCentres& centres = cache_.key_centres();
    ggml_tensor* k = load_rows(context(), by_head(slots(cache_.keys(il), n_kv_)), centres.keys(il));
    ggml_tensor* grouped_k =
        by_head(attention.rotation.apply(context(), k, inputs_.grouped->key_positions));
    if (groups_natively(hparams_, kernels_, cache_.shape(), attention)) {
        const int end = batch_.end_slot();
        ggml_tensor* far_keys = ggml_cast(context(), slots(grouped_k, end), GGML_TYPE_F16);
        ggml_tensor* near_keys = slots(cache_.rotated_keys(il), end);
        ggml_tensor* values = slots(cache_.values(il), end);
        return kernels::joint_attention(
            context(), {grouped_q, far_keys, values, {.skip = neighbours_}},
            {q, near_keys, values, {.window = neighbours_}}, attention.scale, attention.sinks);
    }
    if (inputs_.grouped->near == nullptr)
        inputs_.grouped->near = make_near_input(context(), n_kv_, batch_.n_tokens);
    ggml_tensor* near_keys = slots(cache_.rotated_keys(il), n_kv_);
    if (centres.keys(il) != nullptr) {  // which far scores include
        near_keys = centres.load_rotated(context(), near_keys, il);
        q = hadamard(il, q);  // its own inverse
    }
    return grouped_attention(context(),
                             {.near_queries = by_head(q),
                              .near_keys = near_keys,
                              .far_queries = by_head(grouped_q),
                              .far_keys = grouped_k,
                              .values = load_rows(context(), slots(cache_.values(il), n_kv_)),
                              .mask = mask_of(attention),
                              .near = inputs_.grouped->near,
                              .scale = attention.scale,
                              .softcap = attention.softcap,
                              .sinks = attention.sinks});
}

ggml_tensor* GraphBuilder::attend_natively(const Entries& entries, ggml_tensor* q,
                                           const Attention& attention) {
    const auto [keys, values] = views(entries, entries.end);
    return kernels::attention(context(), q, keys, values, attention.scale,
                              {.window = entries.window}, attention.sinks);
}

ggml_tensor* GraphBuilder::attend_observed(const Entries& entries, ggml_tensor* q,
                                           const Attention& attention) {
    const auto [keys, values] = views(entries, entries.end);
    const auto [attended, mass] =
        kernels::observed_attention(context(), q, keys, values, attention.scale,
                                    mass_of_layer_(entries.index_in_pot), attention.sinks);
    ggml_build_forward_expand(graph_, mass);
    return attended;
}

ggml_tensor* GraphBuilder::attend_outside(int il, ggml_tensor* q) {
    const auto call = [](ggml_tensor* out, int ith, int nth, void* layer) {
        (*static_cast<const LayerAttention*>(layer))(out->src[0], out, ith, nth);
    };
    const LayerAttention& layer = layers_[static_cast<std::size_t>(il)];
    return ggml_custom_4d(context(), GGML_TYPE_F32, q->ne[0] * q->ne[1], q->ne[2], 1, 1, &q, 1,
                          call, GGML_N_TASKS_MAX, const_cast<LayerAttention*>(&layer));
}

ggml_tensor* GraphBuilder::attend_plainly(const Entries& entries, ggml_tensor* q,
                                          const Attention& attention) {
    const auto [keys, values] = views(entries, entries.n);
    ggml_tensor* p = attention_probabilities(context(), by_head(q), load_rows(context(), keys),
                                             mask_of(entries, attention), attention.scale,
                                             attention.softcap, attention.sinks);
    return weighted_values(context(), load_rows(context(), values), p);
}

ggml_tensor* GraphBuilder::attend_with_ggml(const Entries& entries, ggml_tensor* q,
                                            const Attention& attention) {
    float scale = attention.scale;
    ggml_tensor* queries = q;
    if (attention.scale_queries) queries = this->scale(q, std::exchange(scale, 1.0f));
    const auto [keys, values] = views(entries, entries.n);
    ggml_tensor* attended =
        ggml_flash_attn_ext(context(), by_head(queries), keys, values, mask_of(entries, attention),
                            scale, 0.0f, attention.softcap);
    ggml_flash_attn_ext_add_sinks(attended, attention.sinks);
    if (!ggml_backend_dev_supports_op(device_of(entries.values), attended)) {
        return attend_plainly(entries, q, attention);
    }
    ggml_prec_set_acc(attended, GGML_PREC_F32);  // [n_embd_head, n_head, n_tokens]
    return ggml_reshape_2d(context(), attended, attended->ne[0] * attended->ne[1], batch_.n_tokens);
}

void set_causal_mask(const Batch& batch, int window, ggml_tensor* mask,
                     std::vector<ggml_fp16_t>& scratch) {
    const auto n_kv = static_cast<std::size_t>(mask->ne[0]);
    const ggml_fp16_t hidden = ggml_fp32_to_fp16(-INFINITY);
    scratch.assign(n_kv * static_cast<std::size_t>(batch.n_tokens), hidden);
    for (int t = 0; t < batch.n_tokens; ++t) {
        const auto row = scratch.begin() + static_cast<std::ptrdiff_t>(n_kv) * t;
        const int end = batch.first_slot + t + 1;
        const int begin = window > 0 ? std::max(0, end - window) : 0;
        std::fill(row + begin, row + end, ggml_fp32_to_fp16(0.0f));
    }
    ggml_backend_tensor_set(mask, scratch.data(), 0, scratch.size() * sizeof(ggml_fp16_t));
}

void set_temperatures(int first_position, const GraphInputs& inputs) {
    if (inputs.query_factors == nullptr) return;
    std::vector<float> factors(static_cast<std::size_t>(ggml_nelements(inputs.query_factors)));
    for (int t = 0; t < static_cast<int>(factors.size()); ++t) {
        factors[static_cast<std::size_t>(t)] = inputs.temperature.at(first_position + t);
    }
    ggml_backend_tensor_set(inputs.query_factors, factors.data(), 0,
                            factors.size() * sizeof(float));
}

void set_masks(const Batch& batch, const GraphInputs& inputs, std::vector<ggml_fp16_t>& scratch) {
    set_causal_mask(batch, 0, inputs.mask, scratch);
    if (inputs.local) {
        const Batch in_window{batch.first_in_window, batch.n_tokens};
        set_causal_mask(in_window, inputs.local->window, inputs.local->mask, scratch);
    }
    if (inputs.window_mask == nullptr) return;
    set_causal_mask(batch, inputs.window, inputs.window_mask, scratch);
}

}  // namespace infinipot
