#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "infinipot/policy.h"
#include "tensor/handles.h"

namespace infinipot {

struct CacheShape {
    int n_layer = 0;
    int n_head_kv = 0;
    int n_embd_head = 0;
    int capacity = 0;
    bool accumulates = false;  ///< whether entries carry the attention that they have received
    /// Of keys, rotated keys and values: one of KvType's. Its blocks must divide n_embd_head.
    ggml_type type = GGML_TYPE_F16;
};

/// What an entry remembers of the token it came from.
struct Tag {
    float surprisal = 0;  ///< nats, when first read
    std::int32_t token = 0;
    std::int64_t position = 0;  ///< in the stream, from 0
};

/// The slots that survive, ascending: kept[layer * n_head_kv + head].
using KeptSlots = std::vector<std::vector<int>>;

/// The pot. For every layer and KV head it holds slots 0..n-1, each one entry: a key before RoPE, a
/// value and a tag. n is the same for all heads and layers, but after a distillation slot j of
/// different heads holds different tokens. Because survivors are renumbered, a slot's index is its
/// RoPE position.
///
/// Tensors per layer: keys, rotated keys and values, each [n_embd_head, capacity, n_head_kv] of the
/// shape's type; row_format.h says how vectors lie in them. The rotated copy is what attention
/// reads; it is derived from the keys and never rotated twice. Everything is allocated by the
/// constructor. Belongs to one thread at a time.
class KvCache {
   public:
    /// @throws Error(out_of_memory)
    KvCache(const CacheShape& shape, ggml_backend_buffer_type_t type);

    /// Bytes of one entry over all layers and heads: key, rotated key, value and tag.
    static std::size_t entry_bytes(const CacheShape& shape);

    const CacheShape& shape() const { return shape_; }
    int n() const { return n_; }
    int room() const { return shape_.capacity - n_ - n_aside_; }
    std::size_t bytes() const {
        return entry_bytes(shape_) * static_cast<std::size_t>(shape_.capacity);
    }

    ggml_tensor* keys(int il) const { return layers_[index(il)].keys; }
    ggml_tensor* rotated_keys(int il) const { return layers_[index(il)].rotated_keys; }
    ggml_tensor* values(int il) const { return layers_[index(il)].values; }

    std::span<const Tag> tags(int il, int head) const;

    /// Attention mass that each entry has received so far; empty unless CacheShape::accumulates.
    std::span<const float> attention(int il, int head) const;

    /// Adds to it, for all entries and as many slots behind them as `mass` has: those of the batch
    /// that is about to be appended, which begin at 0.
    void add_attention(int il, int head, std::span<const float> mass);

    /// Takes over the next tags.size() slots, whose keys and values a graph has written, in all
    /// heads.
    void append(std::span<const Tag> tags);

    /// Forgets all slots from n on.
    void truncate(int n);

    /// Moves the kept slots of every head to its front, in place and bit for bit. All heads keep
    /// equally many. The rotated copy moves along with its keys: a key that changed its slot still
    /// carries its old position afterwards, and must be rotated anew if positions are reset.
    /// Vectors that are not on the host move by gather_graph(), to be computed before.
    /// Returns the first slot that changed in any head; n if none did.
    int gather(const KeptSlots& kept);

    /// The same for the vectors alone, as nodes of a graph, wherever they lie. slots: I32 [n_kept,
    /// n_head_kv] for every layer, to be set to the kept slots. For pots of F16, BF16 or F32.
    void gather_graph(ggml_context* context, ggml_cgraph* graph,
                      std::span<ggml_tensor* const> slots) const;

    /// Moves the kept slots of every head to its front as gather() does, but keeps the others: they
    /// wait in the last slots, where nothing sees them and what comes later does not reach them.
    /// Returns the first slot that changed. Not to be called twice in a row.
    int hide_all_but(const KeptSlots& kept);

    /// Puts everything back as it was before hide_all_but(), bit for bit, and forgets what came
    /// later. Nothing happens if nothing is aside.
    void restore();

    /// Allocates what hide_all_but() needs for up to n_kept slots.
    void reserve_aside(int n_kept);
    std::size_t aside_bytes() const { return saved_.size() + copy_.size(); }

    /// What a graph has written to `slot`, behind the pot, becomes the newest entry of a head, that
    /// in slot n-1, and has received no attention yet.
    void replace_newest(int il, int head, int slot, const Tag& tag);

    /// The entry in the last slot of a head takes the place of the one in `slot`, bit for bit. To
    /// be called for every head, and then truncate(n - 1).
    void move_last_to(int il, int head, int slot);

    /// Whether the CPU can read and write the vectors where they lie.
    bool on_host() const { return ggml_backend_buffer_is_host(buffer_.get()); }

    /// The vector of one entry in `pot`, as row_format.h reads and writes it; if it is on the host.
    std::byte* row(ggml_tensor* pot, int head, int slot) const;

    /// The vectors of a head's slots 0..n-1, one after another: where they lie, or copied into
    /// `copy` from a device.
    const std::byte* rows(ggml_tensor* pot, int head, std::vector<std::byte>& copy) const;

   private:
    struct Layer {
        ggml_tensor* keys;          // [n_embd_head, capacity, n_head_kv]
        ggml_tensor* rotated_keys;  // [n_embd_head, capacity, n_head_kv]
        ggml_tensor* values;        // [n_embd_head, capacity, n_head_kv]
    };

    static std::size_t index(int i) { return static_cast<std::size_t>(i); }
    std::size_t tag_offset(int il, int head) const;
    void copy_vectors(int il, int head, int from, int to) const;
    void gather_vectors(int il, int head, std::span<const int> slots) const;
    class LayerOnHost;
    void swap_slots(const LayerOnHost& layer, int head, int a, int b);
    void swap_with_last(const LayerOnHost& layer, int head);
    std::span<std::byte> saved_rows(int il, int head);

    CacheShape shape_;
    int n_ = 0;
    ContextHandle context_;
    BufferHandle buffer_;
    std::vector<Layer> layers_;
    std::vector<Tag> tags_;         // [n_layer, n_head_kv, capacity]
    std::vector<float> attention_;  // [n_layer, n_head_kv, capacity], or nothing
    int n_aside_ = 0;               // entries that hide_all_but() has hidden
    KeptSlots shown_;               // what it has kept
    std::vector<std::byte> saved_;  // [n_layer, n_head_kv, n_kept]: rotated keys of what was kept
    std::vector<std::byte> copy_;   // of a layer that is not on the host
};

}  // namespace infinipot
