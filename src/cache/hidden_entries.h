#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "cache/kv_cache.h"

namespace infinipot {

/// Hides all entries of a cache but those that are kept, for as long as it lives. The kept entries
/// of every head move to its front as KvCache::gather() moves them. The hidden ones wait in the
/// cache's last slots, where attention does not see them and new entries do not overwrite them;
/// KvCache::room() stays what it was. The destructor truncates the cache to the kept entries and
/// restores all entries bit for bit, rotated keys included.
///
/// Borrows the cache, whose entries must not be gathered or moved meanwhile; one at a time. Belongs
/// to one thread, the cache's.
class HiddenEntries {
   public:
    /// Memory that hiding needs, allocated once for many HiddenEntries in turn.
    class Scratch {
       public:
        /// For at most `n_kept` kept entries per head; 0 allocates nothing.
        Scratch(const KvCache& cache, int n_kept);

        std::size_t bytes() const { return rotated_keys_.size() + layer_.size(); }

       private:
        friend class HiddenEntries;
        std::vector<std::byte> rotated_keys_;  // [n_layer, n_head_kv, n_kept]
        std::vector<std::byte> layer_;         // a layer's vectors, if they are not on the host
    };

    /// All heads keep equally many slots, at most as many as `scratch` was made for.
    HiddenEntries(KvCache& cache, KeptSlots kept, Scratch& scratch);
    ~HiddenEntries();
    HiddenEntries(const HiddenEntries&) = delete;
    HiddenEntries& operator=(const HiddenEntries&) = delete;

    /// Returns the first slot whose entry changed in any head; the number kept if none did.
    int first_moved() const { return infinipot::first_moved(kept_); }

   private:
    class LayerOnHost;

    int n_kept() const { return static_cast<int>(kept_.front().size()); }
    std::size_t head_index(int il, int head) const;
    std::span<std::byte> saved_rotated_keys(int il, int head);
    void swap_slots(const LayerOnHost& layer, int head, int a, int b);
    void swap_with_last(const LayerOnHost& layer, int head);

    KvCache& cache_;
    const KeptSlots kept_;
    Scratch& scratch_;
    const int n_hidden_;
};

}  // namespace infinipot
