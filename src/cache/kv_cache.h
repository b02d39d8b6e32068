#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/page_memory.h"
#include "cache/cache_layout.h"
#include "cache/key_centres.h"
#include "cache/kv_cache_shape.h"
#include "infinipot/policy.h"
#include "tensor/handles.h"

namespace infinipot {

/// The slots that survive, ascending: kept[layer * n_head_kv + head].
using KeptSlots = std::vector<std::vector<int>>;

/// Returns the first slot whose entry changes in any head when the kept slots move to the front;
/// the number of kept slots if none does. All heads keep equally many.
int first_moved(const KeptSlots& kept);

/// The memory of a KV cache in a file: entries 0..n-1 of every head, and zeros for the other slots.
struct CacheImage {
    std::shared_ptr<const PageFile> file = nullptr;
    std::size_t offset = 0;  ///< in the file, a multiple of PageMemory::alignment
    int n = 0;               ///< entries per head
};

/// The KV cache, which we call the pot. For every layer and KV head it holds slots 0..n-1, each one
/// entry: a key before RoPE, a value and a tag. n is the same for all heads and layers, but after a
/// distillation slot j of different heads holds different tokens. Because survivors are renumbered,
/// a slot's index is its RoPE position.
///
/// Tensors per layer: keys, rotated keys and values, each [n_embd_head, capacity, n_head_kv] of the
/// shape's type; row_format.h describes how vectors lie in them. Attention reads the rotated keys,
/// which are always rotated from the keys and never rotated twice. The constructor allocates
/// everything. Belongs to one thread at a time.
class KvCache {
   public:
    /// @throws Error(out_of_memory)
    KvCache(const CacheShape& shape, ggml_backend_buffer_type_t type);

    /// Makes a cache of the entries of an image, whose layout is that of the shape. On the host it
    /// shares the image's pages with all who use them, until it changes them.
    /// @throws Error(out_of_memory)
    KvCache(const CacheShape& shape, ggml_backend_buffer_type_t type, const CacheImage& image);

    /// Writes an image of the cache to a file whose part from `offset` on, CacheLayout::bytes long,
    /// is zeros.
    /// @throws Error(file_error)
    void write(const PageFile& file, std::size_t offset) const;

    /// Returns an image of the cache as it is now, and shares its pages from now on. Makes a new
    /// one only if entries have changed since the last.
    /// @throws Error(out_of_memory), and then nothing has changed.
    CacheImage share();

    /// Makes the entries those of an image that share() has returned.
    /// @throws Error(out_of_memory), and then nothing has changed.
    void go_back(const CacheImage& image);

    /// Says that slots from `first` on were changed by add_attention(), replace_newest() or
    /// move_last_to(), which different threads may call for different heads.
    void change_from(int first);

    /// Returns the bytes of one entry over all layers and heads: key, rotated key, value and tag.
    static std::size_t entry_bytes(const CacheShape& shape);

    /// Returns the bytes that attention reads of one entry over all layers and heads: rotated key
    /// and value.
    static std::size_t attended_entry_bytes(const CacheShape& shape);

    const CacheShape& shape() const { return shape_; }

    /// Subtracts centres from the keys that are stored from now on; for a cache without entries, or
    /// whose entries were stored with the same centres. See row_format.h.
    void set_key_centres(KeyCentres centres) { key_centres_ = std::move(centres); }
    const KeyCentres& key_centres() const { return key_centres_; }

    int n() const { return n_; }
    /// Returns how many entries can still be appended.
    int room() const { return shape_.capacity - n_ - n_hidden_; }
    std::size_t bytes() const {
        return entry_bytes(shape_) * static_cast<std::size_t>(shape_.capacity);
    }

    ggml_tensor* keys(int il) const { return layers_[index(il)].keys; }
    ggml_tensor* rotated_keys(int il) const { return layers_[index(il)].rotated_keys; }
    ggml_tensor* values(int il) const { return layers_[index(il)].values; }

    /// Returns the tags of one head by slot: [n].
    std::span<const Tag> tags(int il, int head) const;

    /// Returns the attention mass that each entry has received so far, by slot: [n]. Empty unless
    /// CacheShape::accumulates.
    std::span<const float> attention(int il, int head) const;

    /// Adds `mass` to the attention of a head's entries. `mass` may be longer than n: the slots
    /// behind n, which the next append() takes over, begin at 0.
    void add_attention(int il, int head, std::span<const float> mass);

    /// Takes over the next tags.size() slots, whose keys and values a graph has written, in all
    /// heads.
    void append(std::span<const Tag> tags);

    /// Forgets all slots from n on.
    void truncate(int n);

    /// Moves the kept slots of every head to its front, in place and bit for bit. All heads keep
    /// equally many. A rotated key moves with its key: in another slot it still carries its old
    /// position, and must be rotated again if positions are reset. gather_graph() moves vectors
    /// that are not on the host, and must be computed before. Returns first_moved(kept).
    int gather(const KeptSlots& kept);

    /// Moves the vectors alone, wherever they lie, as nodes of a graph. slots: I32 [n_kept,
    /// n_head_kv] for every layer, to be set to the kept slots. For caches of F16, BF16 or F32.
    void gather_graph(ggml_context* context, ggml_cgraph* graph,
                      std::span<ggml_tensor* const> slots) const;

    /// Makes the entry that a graph has written to `slot`, behind n, the newest entry of a head, in
    /// slot n-1. It has received no attention yet.
    void replace_newest(int il, int head, int slot, const Tag& tag);

    /// Replaces the entry in `slot` of a head by the one in its last slot, bit for bit. To be
    /// called for every head, and then truncate(n - 1).
    void move_last_to(int il, int head, int slot);

    /// For HiddenEntries: sets how many entries there are, and how many of the last slots hold
    /// hidden ones, which count neither as entries nor as room.
    void set_n(int n, int n_hidden);

    /// For HiddenEntries: swaps the tags and the attention of any two slots of a head.
    void swap_tags(int il, int head, int a, int b);

    /// Returns whether the CPU can read and write the vectors where they lie.
    bool on_host() const { return ggml_backend_buffer_is_host(buffer_.get()); }

    /// Returns the vector of one entry in `pot`, one of the tensors, as row_format.h reads and
    /// writes it. The vectors must be on the host.
    std::byte* row(ggml_tensor* pot, int head, int slot) const;

    /// Returns the vectors of a head's slots 0..n-1, one after another: where they lie, or copied
    /// into `copy` from a device.
    const std::byte* rows(ggml_tensor* pot, int head, std::vector<std::byte>& copy) const;

   private:
    struct Layer {
        ggml_tensor* keys;          // [n_embd_head, capacity, n_head_kv]
        ggml_tensor* rotated_keys;  // [n_embd_head, capacity, n_head_kv]
        ggml_tensor* values;        // [n_embd_head, capacity, n_head_kv]
    };

    static std::size_t index(int i) { return static_cast<std::size_t>(i); }
    template <typename F>
    void for_each_run(F f) const;
    std::size_t tag_offset(int il, int head) const;
    KvCache(const CacheShape& shape, ggml_backend_buffer_type_t type, PageMemory memory);
    void adopt(const CacheImage& image);
    void copy_vectors(int il, int head, int from, int to) const;
    void gather_vectors(int il, int head, std::span<const int> slots) const;

    CacheShape shape_;
    KeyCentres key_centres_;
    int n_ = 0;
    int n_hidden_ = 0;
    CacheLayout layout_;
    PageMemory memory_;  // everything, but on a device without the tensors
    ContextHandle context_;
    BufferHandle buffer_;  // of the tensors
    std::vector<Layer> layers_;
    std::span<Tag> tags_;         // [n_layer, n_head_kv, capacity]
    std::span<float> attention_;  // [n_layer, n_head_kv, capacity], or nothing
    CacheImage image_;            // of the first image_.n entries, as they are now
};

}  // namespace infinipot
