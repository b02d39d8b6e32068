#include "cache/local_windows.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "cache/row_format.h"

namespace infinipot {

namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// Returns rows [first, first + n) of all heads: [n_embd_head, n, n_head_kv].
ggml_tensor* rows(ggml_context* context, ggml_tensor* tensor, int first, int n) {
    return ggml_view_3d(context, tensor, tensor->ne[0], n, tensor->ne[2], tensor->nb[1],
                        tensor->nb[2], size(first) * tensor->nb[1]);
}

/// Returns the rotation without its change of magnitude, which keys have already.
Rotation angles_of(Rotation rotation) {
    rotation.attn_factor = 1;
    if (rotation.ext_factor != 0)  // ggml multiplies with the inverse of this itself
        rotation.attn_factor = 1 / (1 + 0.1f * std::log(1 / rotation.freq_scale));
    return rotation;
}

}  // namespace

LocalWindows::LocalWindows(const WindowShape& shape, ggml_backend_buffer_type_t type)
    : shape_(shape), context_(make_description_context(2 * size(shape.n_layer))) {
    if (shape.n_layer == 0) return;
    assert(shape.n_positions >= 2 * shape.n_slots());
    const auto new_tensor = [&](const char* name, int i) {
        ggml_tensor* tensor = ggml_new_tensor_3d(context_.get(), shape.type, shape.n_embd_head,
                                                 shape.n_slots(), shape.n_head_kv);
        return ggml_format_name(tensor, "window.%d.%s", i, name);
    };
    for (int i = 0; i < shape.n_layer; ++i)
        layers_.push_back({new_tensor("rotated_keys", i), new_tensor("values", i)});
    buffer_ = allocate_tensors(context_.get(), type, "the windows of local layers");
}

std::size_t LocalWindows::bytes(const WindowShape& shape) {
    return 2 * size(shape.n_layer) * size(shape.n_head_kv) * size(shape.n_slots()) *
           ggml_row_size(shape.type, shape.n_embd_head);
}

void LocalWindows::append(int n) {
    assert(!must_move(n));
    n_ += layers_.empty() ? 0 : n;
}

/// Returns how many of n tokens one that comes sees.
int LocalWindows::n_kept(int n) const { return std::min(n, shape_.window - 1); }

int LocalWindows::turn() const {
    const int first = first_position_ + n_ - n_kept(n_);  // behind the move, without a turn
    return first + shape_.n_slots() > shape_.n_positions ? first : 0;
}

/// The nodes of a layer copy its rows before they overwrite any.
LocalWindows::MoveInputs LocalWindows::move_graph(ggml_context* context, ggml_cgraph* graph,
                                                  std::span<const Rotation> rotations, int n,
                                                  bool turning) const {
    const int first = n - n_kept(n);
    n = n_kept(n);
    MoveInputs inputs;
    if (turning) {
        inputs.slots = new_input(context, GGML_TYPE_I32, n, 1, "slots");
        inputs.turns = new_input(context, GGML_TYPE_I32, n, 1, "turns");
    }
    const auto move = [&](ggml_tensor* tensor) {
        ggml_tensor* copy = ggml_cont(context, rows(context, tensor, first, n));
        ggml_build_forward_expand(graph, ggml_cpy(context, copy, rows(context, tensor, 0, n)));
    };
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        move(layers_[i].values);
        if (!turning || !rotations[i].turns()) {
            move(layers_[i].keys);
            continue;
        }
        ggml_tensor* keys =
            load_rows(context, ggml_cont(context, rows(context, layers_[i].keys, first, n)));
        keys = ggml_permute(context, keys, 0, 2, 1, 3);  // [n_embd_head, n_head_kv, n]
        keys = angles_of(rotations[i]).apply(context, keys, inputs.turns);
        ggml_build_forward_expand(graph, store_rows(context, keys, layers_[i].keys, inputs.slots));
    }
    return inputs;
}

void LocalWindows::moved() {
    first_position_ += n_ - n_kept(n_) - turn();
    n_ = n_kept(n_);
}

void LocalWindows::serialize(StateArchive& archive) {
    if (layers_.empty()) return;
    archive.number(n_, 0, shape_.n_slots());
    archive.number(first_position_, 0, shape_.n_positions - shape_.n_slots());
    std::vector<std::byte> row(size(n_kept(n_)) * layers_.front().keys->nb[1]);
    for (const Layer& layer : layers_) {
        for (ggml_tensor* tensor : {layer.keys, layer.values}) {
            for (int head = 0; head < shape_.n_head_kv; ++head) {
                const std::size_t at =
                    size(head) * tensor->nb[2] + size(n_ - n_kept(n_)) * tensor->nb[1];
                if (!archive.reads()) ggml_backend_tensor_get(tensor, row.data(), at, row.size());
                archive.block(std::span(row));
                if (archive.reads()) ggml_backend_tensor_set(tensor, row.data(), at, row.size());
            }
        }
    }
}

}  // namespace infinipot
