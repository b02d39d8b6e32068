#pragma once

#include <ggml.h>

#include <memory>
#include <span>
#include <vector>

#include "cache/kv_cache_shape.h"
#include "cache/mean_rotation.h"
#include "tensor/handles.h"

namespace infinipot {

/// Vectors that a KV cache subtracts from keys before it rounds them. A layer's key bias b is the
/// same in all keys k and may be many times as large as the rest of them. The scale that several
/// numbers share would then leave the rest no precision. The cache stores k - b, and as the rotated
/// key R(p) k - c, where R(p) rotates for position p. A layer has one of two kinds of c:
///
/// - c is the mean of R(p) b over all positions. Attention reads the rotated keys without it. This
///   adds one number to all scores of a query, and the softmax cancels it. c is close to R(p) b
///   where RoPE turns slowly.
/// - c turns: it is R(p) b, and the position p of an entry is its slot. Attention reads copies of
///   the rotated keys to which it was added. This is for layers whose bias turns fast.
///
/// Readers other than attention add the centres. Neither a soft cap of the scores nor an attention
/// sink cancels c, so layers with one have no centres. Lies on the host, as caches of quantised
/// types do. Immutable once it is part of a cache.
class KeyCentres {
   public:
    /// No layer has centres.
    KeyCentres() = default;

    /// Makes room for the centres of a cache of this shape. No layer has any yet.
    /// @throws Error(out_of_memory)
    explicit KeyCentres(const CacheShape& shape);

    /// Gives layer il of the cache centres that do not turn. bias: [n_head_kv, n_embd_head], added
    /// to keys before RoPE. mean: of the layer's rotation.
    void set(int il, std::span<const float> bias, const MeanRotation& mean);

    /// Gives it centres that turn, by a table of as many positions as the cache has slots.
    void set_turning(int il, std::span<const float> bias,
                     std::shared_ptr<const RotationTable> table);

    /// Returns the centres of a layer's keys, F32 [n_embd_head, n_head_kv], or null.
    ggml_tensor* keys(int il) const { return has(il) ? layer(il).keys : nullptr; }
    /// Returns those of its rotated keys, or null if there are none or they turn.
    ggml_tensor* rotated_keys(int il) const {
        return has(il) && !turns(il) ? layer(il).rotated_keys : nullptr;
    }
    /// Returns whether the centres of a layer's rotated keys turn.
    bool turns(int il) const { return has(il) && layer(il).table != nullptr; }

    /// Returns the centres of one head, of which none turns: [n_embd_head] each, or empty.
    KeyCentre of_head(int il, int head) const;

    /// Returns the centre of the keys of one head: [n_embd_head], or empty.
    std::span<const float> key(int il, int head) const;

    /// Adds the centre of the rotated key in a slot to x: [n_embd_head].
    void add_rotated(int il, int head, int slot, std::span<float> x) const;

    /// Builds the rotated keys of consecutive slots, with their centres. view: of layer il in the
    /// cache, [n_embd_head, n, n_head_kv]. Result: F16 as they lie there, otherwise F32.
    ggml_tensor* load_rotated(ggml_context* context, ggml_tensor* view, int il) const;

    std::size_t bytes() const;

   private:
    struct Layer {
        ggml_tensor *keys, *rotated_keys;  // the latter unused if they turn
        bool is_set = false;
        std::shared_ptr<const RotationTable> table = nullptr;  // null: they do not turn
    };
    const Layer& layer(int il) const { return layers_[static_cast<std::size_t>(il)]; }
    bool has(int il) const { return !layers_.empty() && layer(il).is_set; }
    static void load_turning(ggml_tensor* rows, int ith, int nth, void* layer);

    ContextHandle context_;
    BufferHandle buffer_;
    std::vector<Layer> layers_;
};

}  // namespace infinipot
