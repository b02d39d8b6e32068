#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/state_archive.h"
#include "cache/rotation.h"
#include "cache/window_shape.h"
#include "tensor/handles.h"

namespace infinipot {

/// Keys and values of the layers that see the last tokens alone: of the last tokens *read*,
/// whatever is evicted from the pot. Slots 0..n-1 of each layer and head hold consecutive tokens in
/// reading order, the last window-1 of the stream among them. A graph writes the tokens of a batch
/// into the slots behind n; they count after append(). When slots run out, the last window-1 tokens
/// move to the front.
///
/// The token in slot s has RoPE position first_position() + s. Positions count from the beginning
/// of the stream until they would reach n_positions. Then the keys turn back, and slot 0 has
/// position 0 again; because a key stays for fewer tokens than that takes, it turns back at most
/// once.
///
/// Tensors per layer: rotated keys and values, each [n_embd_head, n_slots, n_head_kv] of the
/// shape's type; row_format.h describes how vectors lie in them. The constructor allocates
/// everything. Belongs to one thread at a time.
class LocalWindows {
   public:
    /// @throws Error(out_of_memory)
    LocalWindows(const WindowShape& shape, ggml_backend_buffer_type_t type);

    /// Returns the bytes of keys and values.
    static std::size_t bytes(const WindowShape& shape);

    const WindowShape& shape() const { return shape_; }
    int n() const { return n_; }
    int first_position() const { return first_position_; }

    ggml_tensor* rotated_keys(int i) const { return layers_[static_cast<std::size_t>(i)].keys; }
    ggml_tensor* values(int i) const { return layers_[static_cast<std::size_t>(i)].values; }

    /// Counts the tokens that a graph has written into the next n slots.
    void append(int n);

    /// Returns whether so many tokens do not fit behind the others.
    bool must_move(int n_tokens) const {
        return shape_.n_layer > 0 && n_ + n_tokens > shape_.n_slots();
    }

    /// Inputs of move_graph(); null if no key turns.
    struct MoveInputs {
        ggml_tensor* slots = nullptr;  ///< I32: destinations 0, 1, ...
        ggml_tensor* turns = nullptr;  ///< I32: by how many positions each key turns, -turn()
    };

    /// Adds to a graph the moving of the last window-1 of n tokens to the front. Keys of layer i
    /// turn as rotations[i] says, if `turning`.
    MoveInputs move_graph(ggml_context* context, ggml_cgraph* graph,
                          std::span<const Rotation> rotations, int n, bool turning) const;

    /// Counts the move of all tokens, which a graph has computed.
    void moved();

    /// Returns by how many positions keys turn back in the next move; 0: they do not.
    int turn() const;

    /// Writes or reads all tokens that are seen again.
    void serialize(StateArchive& archive);

   private:
    struct Layer {
        ggml_tensor* keys;    // rotated
        ggml_tensor* values;  // of the same shape
    };
    int n_kept(int n) const;

    WindowShape shape_;
    int n_ = 0;
    int first_position_ = 0;
    ContextHandle context_;
    BufferHandle buffer_;
    std::vector<Layer> layers_;
};

}  // namespace infinipot
