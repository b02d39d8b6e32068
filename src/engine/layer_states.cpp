#include "engine/layer_states.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace infinipot {

LayerStates::LayerStates(const Model::Impl& model, const CacheShape& pot, int n_batch,
                         ggml_backend_buffer_type_t type)
    : fixed_(model.size->states(), type), windows_(model.size->windows(pot, n_batch), type) {
    for (int i = 0; i < windows_.shape().n_layer; ++i) {
        const int il = model.size->layers().local_layer(i);
        rotations_.push_back(model.architecture->attention(il, pot.capacity).rotation);
    }
}

void LayerStates::reserve(Workspace& workspace) const {
    if (windows_.shape().n_layer == 0 || windows_.shape().window == 1) return;
    workspace.reserve([this](ggml_context* context, ggml_cgraph* graph) {
        windows_.move_graph(context, graph, rotations_, windows_.shape().n_slots(), true);
    });
}

void LayerStates::make_room(int n_tokens, Workspace& workspace) {
    if (!windows_.must_move(n_tokens)) return;
    if (windows_.shape().window == 1) return windows_.moved();
    const int turn = windows_.turn();
    LocalWindows::MoveInputs inputs;
    const Workspace::Use use = workspace.prepare([&](ggml_context* context, ggml_cgraph* graph) {
        inputs = windows_.move_graph(context, graph, rotations_, windows_.n(), turn > 0);
    });
    if (inputs.slots != nullptr) {
        std::vector<std::int32_t> numbers(n_elements(inputs.slots));
        std::iota(numbers.begin(), numbers.end(), 0);
        ggml_backend_tensor_set(inputs.slots, numbers.data(), 0, ggml_nbytes(inputs.slots));
        std::ranges::fill(numbers, -turn);
        ggml_backend_tensor_set(inputs.turns, numbers.data(), 0, ggml_nbytes(inputs.turns));
    }
    workspace.compute_wholly();
    windows_.moved();
}

void LayerStates::advance(int n_tokens) {
    fixed_.advance();
    windows_.append(n_tokens);
}

std::vector<std::byte> LayerStates::save() {
    StateArchive archive;
    serialize(archive);
    return {archive.written().begin(), archive.written().end()};
}

void LayerStates::restore(std::span<const std::byte> saved) {
    StateArchive archive(saved);
    serialize(archive);
}

void LayerStates::serialize(StateArchive& archive) {
    fixed_.serialize(archive);
    windows_.serialize(archive);
}

}  // namespace infinipot
