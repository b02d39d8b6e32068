#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/state_archive.h"
#include "tensor/handles.h"

namespace infinipot {

/// One tensor of what a layer keeps.
struct StateShape {
    const char* name;
    std::array<std::int64_t, 4> ne;  ///< elements in each dimension, fastest first
    ggml_type type = GGML_TYPE_F32;
};

/// Tensors that layers keep next to the pot and whose size does not depend on how much was read,
/// such as the state of a recurrence. All are zeros before the first token.
///
/// There are two versions. A graph reads the *current* one and writes the *next* one, which becomes
/// current in advance(). A graph that was interrupted, or whose tokens are not part of the stream,
/// therefore changes nothing. The constructor allocates both. Belongs to one thread at a time.
class FixedState {
   public:
    /// shapes[il]: the tensors of layer il; none for a layer that keeps nothing.
    /// @throws Error(out_of_memory)
    FixedState(std::span<const std::vector<StateShape>> shapes, ggml_backend_buffer_type_t type);

    /// Returns tensor i of layer il as the tokens that were read have left it.
    ggml_tensor* current(int il, int i) const { return tensor(current_, il, i); }

    /// Returns tensor i of layer il for the graph that is being built to write.
    ggml_tensor* next(int il, int i) const { return tensor(1 - current_, il, i); }

    /// Makes the next version the current one.
    void advance() { current_ = 1 - current_; }

    /// Returns a copy of the current version, to be restored later.
    std::vector<std::byte> save() const;
    /// bytes: as save() returns them.
    void restore(std::span<const std::byte> bytes);

    /// Writes or reads the current version.
    void serialize(StateArchive& archive);

    /// Returns the bytes of one version.
    std::size_t bytes() const { return bytes_; }
    static std::size_t bytes(std::span<const std::vector<StateShape>> shapes);

   private:
    static constexpr std::size_t n_versions = 2;

    ggml_tensor* tensor(int version, int il, int i) const;

    ContextHandle context_;
    BufferHandle buffer_;
    std::array<std::vector<ggml_tensor*>, n_versions> versions_;  // all tensors of all layers
    std::vector<std::size_t> first_of_layer_;                     // index in versions_
    std::size_t bytes_;
    int current_ = 0;
};

}  // namespace infinipot
