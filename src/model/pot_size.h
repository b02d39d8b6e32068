#pragma once

#include <cstddef>
#include <vector>

#include "cache/fixed_state.h"
#include "cache/kv_cache_shape.h"
#include "cache/window_shape.h"
#include "infinipot/kv_type.h"
#include "model/architecture.h"

namespace infinipot {

/// The size of a model's memory of a text: the entries of the pot, the windows of local layers and
/// the states of recurrent ones. Immutable; any thread may use it.
class PotSize {
   public:
    PotSize(const Hparams& hparams, const Architecture& architecture);

    const LayerPlan& layers() const { return layers_; }

    /// The tensors that each layer keeps besides keys and values.
    const std::vector<std::vector<StateShape>>& states() const { return states_; }

    /// Returns the shape of the pot.
    /// @throws Error(invalid_argument) if the head size is no multiple of the type's block size.
    CacheShape pot(int capacity, KvType type = KvType::f16) const;

    /// Returns the shape of the windows next to a pot of this shape, for batches of at most n_batch
    /// tokens. A window is never larger than the pot.
    WindowShape windows(const CacheShape& pot, int n_batch) const;

    /// Returns how many of n_batch tokens are read together. The slots that a batch needs in the
    /// windows shall not make these much larger.
    int batch(int capacity, int n_batch) const;

    /// Returns the bytes next to a pot of this shape.
    std::size_t bytes_beside(const CacheShape& pot, int n_batch) const;

    /// Returns the bytes of a pot of this shape, and of what is next to it.
    std::size_t bytes(const CacheShape& pot, int n_batch) const;

    /// Returns the largest capacity, at most `most`, of a pot like `pot` in so many bytes; 0 if not
    /// even one entry fits.
    int entries_in(std::size_t bytes, CacheShape pot, int n_batch, int most) const;

   private:
    Hparams hparams_;
    LayerPlan layers_;
    std::vector<std::vector<StateShape>> states_;
    int window_ = 0;  // of local layers, in tokens
};

/// Reads how large a model's pot is from its file, and no weights.
/// @throws Error(bad_model) or Error(unsupported_model) as Model::load() does.
PotSize read_pot_size(const GgufFile& file);

}  // namespace infinipot
