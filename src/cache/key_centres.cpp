#include "cache/key_centres.h"

#include <ggml-backend.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "cache/row_format.h"

namespace infinipot {

namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// Returns the part of one head of centres: [n_embd_head].
std::span<float> part(const ggml_tensor* centres, int head) {
    if (centres == nullptr) return {};
    const auto n = static_cast<std::size_t>(centres->ne[0]);
    return {static_cast<float*>(centres->data) + size(head) * n, n};
}

void add(std::span<const float> centre, std::span<float> x) {
    for (std::size_t i = 0; i < centre.size(); ++i) x[i] += centre[i];
}

/// Adds `bias`, rotated for `position`, to x: [n_embd_head].
void add_turned(const RotationTable& table, std::span<const float> bias, int position,
                std::span<float> x) {
    const auto cosines = table.cosines(position), sines = table.sines(position);
    for (int pair = 0; pair < table.n_rot() / 2; ++pair) {
        const auto [a, b] = table.pair(pair);
        x[a] += bias[a] * cosines[a] + bias[b] * sines[a];
        x[b] += bias[b] * cosines[b] + bias[a] * sines[b];
    }
    for (std::size_t i = size(table.n_rot()); i < x.size(); ++i) x[i] += bias[i];
}

}  // namespace

KeyCentres::KeyCentres(const CacheShape& shape)
    : context_(make_description_context(2 * size(shape.n_layer))) {
    const auto new_tensor = [&] {
        return ggml_new_tensor_2d(context_.get(), GGML_TYPE_F32, shape.n_embd_head,
                                  shape.n_head_kv);
    };
    for (int il = 0; il < shape.n_layer; ++il) layers_.push_back({new_tensor(), new_tensor()});
    buffer_ = allocate_tensors(context_.get(), ggml_backend_cpu_buffer_type(), "key centres");
}

void KeyCentres::set(int il, std::span<const float> bias, const MeanRotation& mean) {
    set_turning(il, bias, nullptr);
    Layer& layer = layers_[size(il)];
    std::ranges::copy(bias, static_cast<float*>(layer.rotated_keys->data));
    for (int head = 0; head < static_cast<int>(layer.keys->ne[1]); ++head) {
        mean.apply(part(layer.rotated_keys, head).data());
    }
}

void KeyCentres::set_turning(int il, std::span<const float> bias,
                             std::shared_ptr<const RotationTable> table) {
    Layer& layer = layers_[size(il)];
    assert(bias.size() == n_elements(layer.keys));
    layer.is_set = true;
    layer.table = std::move(table);
    std::ranges::copy(bias, static_cast<float*>(layer.keys->data));
}

KeyCentre KeyCentres::of_head(int il, int head) const {
    assert(!turns(il));
    return {part(keys(il), head), part(rotated_keys(il), head)};
}

std::span<const float> KeyCentres::key(int il, int head) const { return part(keys(il), head); }

void KeyCentres::add_rotated(int il, int head, int slot, std::span<float> x) const {
    if (turns(il)) return add_turned(*layer(il).table, part(keys(il), head), slot, x);
    add(part(rotated_keys(il), head), x);
}

ggml_tensor* KeyCentres::load_rotated(ggml_context* context, ggml_tensor* view, int il) const {
    if (turns(il)) {
        return ggml_custom_4d(context, GGML_TYPE_F32, view->ne[0], view->ne[1], view->ne[2], 1,
                              &view, 1, load_turning, GGML_N_TASKS_MAX,
                              const_cast<Layer*>(&layer(il)));
    }
    ggml_tensor* centre = rotated_keys(il);
    if (centre != nullptr) {
        centre = ggml_reshape_3d(context, centre, centre->ne[0], 1, centre->ne[1]);
    }
    return load_rows(context, view, centre);
}

/// rows: F32 [n_embd_head, n, n_head_kv]; its source is the view.
void KeyCentres::load_turning(ggml_tensor* rows, int ith, int nth, void* layer) {
    const auto& of = *static_cast<const Layer*>(layer);
    const ggml_tensor* view = rows->src[0];
    const auto first_slot = static_cast<int>(view->view_offs % view->nb[2] / view->nb[1]);
    const auto d = static_cast<std::size_t>(rows->ne[0]);
    const auto n = static_cast<int>(rows->ne[1]);
    const int end = n * static_cast<int>(rows->ne[2]);
    for (int i = ith; i < end; i += nth) {
        const int head = i / n, slot = i % n;
        const std::byte* row = static_cast<const std::byte*>(view->data) +
                               size(head) * view->nb[2] + size(slot) * view->nb[1];
        const std::span<float> x(static_cast<float*>(rows->data) + size(i) * d, d);
        load_row(view->type, row, x);
        add_turned(*of.table, part(of.keys, head), first_slot + slot, x);
    }
}

std::size_t KeyCentres::bytes() const {
    std::size_t sum = buffer_ ? ggml_backend_buffer_get_size(buffer_.get()) : 0;
    const RotationTable* counted = nullptr;
    for (const Layer& layer : layers_) {
        if (layer.table == nullptr || layer.table.get() == counted) continue;
        counted = layer.table.get();
        sum += counted->bytes();
    }
    return sum;
}

}  // namespace infinipot
