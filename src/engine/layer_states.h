#pragma once

#include <span>
#include <vector>

#include "cache/fixed_state.h"
#include "cache/local_windows.h"
#include "model/model_impl.h"
#include "tensor/workspace.h"

namespace infinipot {

/// Everything that the layers of a model keep next to the pot: the states of recurrent layers and
/// the windows of local ones. A batch changes nothing of it before advance(). The constructor
/// allocates everything. Borrows the model; the caller lends the workspace. Belongs to one thread
/// at a time.
class LayerStates {
   public:
    /// pot: the shape of the KV cache. Batches have at most n_batch tokens.
    /// @throws Error(out_of_memory)
    LayerStates(const Model::Impl& model, const CacheShape& pot, int n_batch,
                ggml_backend_buffer_type_t type);

    const FixedState& fixed() const { return fixed_; }
    const LocalWindows& windows() const { return windows_; }

    /// Lets the workspace allocate for make_room().
    /// @throws Error(out_of_memory)
    void reserve(Workspace& workspace) const;

    /// Makes room in the windows for a batch of n_tokens, which is then computed.
    void make_room(int n_tokens, Workspace& workspace);

    /// Counts what the last batch, of n_tokens, has written.
    void advance(int n_tokens);

    /// Returns a copy, to be restored later: everything that the next batch reads.
    std::vector<std::byte> save();
    void restore(std::span<const std::byte> saved);

    /// Writes or reads everything that the next batch reads.
    void serialize(StateArchive& archive);

    /// Returns the bytes of windows and states.
    std::size_t bytes() const { return fixed_.bytes() + LocalWindows::bytes(windows_.shape()); }

    /// Returns the bytes that a batch writes its states to.
    std::size_t scratch_bytes() const { return fixed_.bytes(); }

   private:
    FixedState fixed_;
    LocalWindows windows_;
    std::vector<Rotation> rotations_;  // of each local layer
};

}  // namespace infinipot
