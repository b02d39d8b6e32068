#include "cache/rotation_table.h"

#include <array>
#include <cassert>
#include <cstddef>
#include <numeric>

#include "tensor/workspace.h"

namespace infinipot {

namespace {

constexpr int largest_head = 512;

std::size_t size(int n) { return static_cast<std::size_t>(n); }

}  // namespace

/// Rotating the pair (1, 0) gives (cosine, sine).
RotationTable::RotationTable(const Rotation& rotation, int n_embd_head, int n_positions,
                             Backend& backend)
    : n_embd_head_(n_embd_head),
      n_rot_(rotation.n_rot),
      n_positions_(n_positions),
      halves_((rotation.mode & GGML_ROPE_TYPE_NEOX) != 0),
      turns_(size(n_positions) * size(n_rot_)) {
    assert(n_embd_head <= largest_head);
    for (int position = 0; position < n_positions; ++position) {
        float* turns = turns_.data() + size(position) * size(n_rot_);
        for (int i = 0; i < n_rot_ / 2; ++i) turns[pair(i).first] = 1;
    }
    std::vector<std::int32_t> positions(size(n_positions));
    std::iota(positions.begin(), positions.end(), 0);

    constexpr std::size_t max_nodes = 8;
    Workspace workspace(backend, max_nodes);
    ggml_tensor *pairs = nullptr, *at = nullptr, *turned = nullptr;
    const auto build = [&](ggml_context* context, ggml_cgraph* graph) {
        pairs = ggml_new_tensor_3d(context, GGML_TYPE_F32, n_rot_, 1, n_positions);
        at = ggml_new_tensor_1d(context, GGML_TYPE_I32, n_positions);
        ggml_set_input(pairs);
        ggml_set_input(at);
        turned = rotation.apply(context, pairs, at);
        ggml_set_output(turned);
        ggml_build_forward_expand(graph, turned);
    };
    workspace.reserve(build);
    workspace.prepare(build);
    ggml_backend_tensor_set(pairs, turns_.data(), 0, ggml_nbytes(pairs));
    ggml_backend_tensor_set(at, positions.data(), 0, ggml_nbytes(at));
    workspace.compute_wholly();
    ggml_backend_tensor_get(turned, turns_.data(), 0, ggml_nbytes(turned));
}

void RotationTable::rotate(const ggml_fp16_t* key, int position, ggml_fp16_t* rotated) const {
    assert(0 <= position && position < n_positions_);
    std::array<float, largest_head> x{}, y{};
    ggml_fp16_to_fp32_row(key, x.data(), n_embd_head_);
    y = x;  // what lies beyond n_rot is not rotated
    const std::span<const float> turn = turns(position);
    for (int i = 0; i < n_rot_ / 2; ++i) {
        const auto [a, b] = pair(i);
        y[a] = x[a] * turn[a] - x[b] * turn[b];
        y[b] = x[a] * turn[b] + x[b] * turn[a];
    }
    ggml_fp32_to_fp16_row(y.data(), rotated, n_embd_head_);
}

}  // namespace infinipot
