#include "cache/rotation_table.h"

#include <cstdint>
#include <cstring>
#include <numeric>

#include "cache/row_format.h"
#include "tensor/workspace.h"

namespace infinipot {

namespace {

/// x: F32 [n_rot, n_positions], each column rotated for its position, in place.
void rotate_columns(const Rotation& rotation, int n_positions, std::vector<float>& x,
                    Backend& backend) {
    std::vector<std::int32_t> numbers(static_cast<std::size_t>(n_positions));
    std::iota(numbers.begin(), numbers.end(), 0);
    constexpr std::size_t max_nodes = 8;
    Workspace workspace(backend, max_nodes);
    ggml_tensor *columns = nullptr, *positions = nullptr, *rotated = nullptr;
    const auto build = [&](ggml_context* context, ggml_cgraph* graph) {
        columns = ggml_new_tensor_3d(context, GGML_TYPE_F32, rotation.n_rot, 1, n_positions);
        positions = ggml_new_tensor_1d(context, GGML_TYPE_I32, n_positions);
        ggml_set_input(columns);
        ggml_set_input(positions);
        rotated = rotation.apply(context, columns, positions);
        ggml_set_output(rotated);
        ggml_build_forward_expand(graph, rotated);
    };
    workspace.reserve(build);
    const Workspace::Use use = workspace.prepare(build);
    ggml_backend_tensor_set(columns, x.data(), 0, ggml_nbytes(columns));
    ggml_backend_tensor_set(positions, numbers.data(), 0, ggml_nbytes(positions));
    workspace.compute_wholly();
    ggml_backend_tensor_get(rotated, x.data(), 0, ggml_nbytes(rotated));
}

}  // namespace

/// Rotating the pair (1, 0) gives (cosine, sine).
RotationTable::RotationTable(const Rotation& rotation, int n_embd_head, int n_positions,
                             Backend& backend)
    : shape_{n_embd_head, rotation.n_rot, (rotation.mode & GGML_ROPE_TYPE_NEOX) != 0},
      kernel_(kernels::rotate_kernel(shape_)),
      n_positions_(n_positions),
      cosines_(static_cast<std::size_t>(n_positions) * static_cast<std::size_t>(rotation.n_rot)) {
    const auto for_every_pair = [&](auto visit) {
        for (std::size_t at = 0; at < cosines_.size(); at += static_cast<std::size_t>(n_rot())) {
            for (int i = 0; i < n_rot() / 2; ++i) visit(at + pair(i).first, at + pair(i).second);
        }
    };
    if (!rotation.turns()) return;
    for_every_pair([&](std::size_t first, std::size_t) { cosines_[first] = 1; });
    rotate_columns(rotation, n_positions, cosines_, backend);
    sines_ = cosines_;
    for_every_pair([&](std::size_t first, std::size_t second) {
        cosines_[second] = cosines_[first];
        sines_[first] = -sines_[second];
    });
}

void RotationTable::rotate(ggml_type type, const std::byte* key, int position, std::byte* rotated,
                           std::span<float> scratch, const KeyCentre& centre) const {
    if (n_rot() == 0) {
        std::memmove(rotated, key, ggml_row_size(type, shape_.n_embd_head));
        return;
    }
    if (type == GGML_TYPE_F16) {
        return kernel_(shape_, reinterpret_cast<const ggml_fp16_t*>(key), cosines(position).data(),
                       sines(position).data(), reinterpret_cast<ggml_fp16_t*>(rotated));
    }
    load_row(type, key, scratch, centre.key);
    turn(scratch, position);
    store_row(type, scratch, rotated, centre.rotated_key);
}

/// x: [n_embd_head].
void RotationTable::turn(std::span<float> x, int position) const {
    const auto cosine = cosines(position), sine = sines(position);
    for (int i = 0; i < n_rot() / 2; ++i) {
        const auto [a, b] = pair(i);
        const float turned = x[a] * cosine[a] + x[b] * sine[a];
        x[b] = x[b] * cosine[b] + x[a] * sine[b];
        x[a] = turned;
    }
}

}  // namespace infinipot
