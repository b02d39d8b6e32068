#include "cache/hidden_entries.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

namespace infinipot {

// Each kept entry swaps places with the one in the slot that it is to have, in ascending order of
// slots. The same swaps in descending order undo that. Afterwards hidden entries lie behind the
// kept ones, where new entries are about to be written. They swap places with the free slots at the
// end.

namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

}  // namespace

HiddenEntries::Scratch::Scratch(const KvCache& cache, int n_kept) {
    if (n_kept == 0) return;
    const CacheShape& shape = cache.shape();
    rotated_keys_.resize(size(shape.n_layer) * size(shape.n_head_kv) * size(n_kept) *
                         cache.rotated_keys(0)->nb[1]);
    if (!cache.on_host()) layer_.resize(3 * ggml_nbytes(cache.keys(0)));
}

/// The vectors of a layer within the CPU's reach: where they lie, or in a copy from their device
/// that the destructor writes back.
class HiddenEntries::LayerOnHost {
   public:
    LayerOnHost(const KvCache& cache, int il, std::span<std::byte> scratch)
        : il_(il), tensors_{cache.keys(il), cache.rotated_keys(il), cache.values(il)} {
        copied_ = !cache.on_host();
        std::byte* copy = scratch.data();
        for (std::size_t i = 0; i < tensors_.size(); ++i) {
            if (!copied_) {
                bytes_[i] = static_cast<std::byte*>(tensors_[i]->data);
                continue;
            }
            bytes_[i] = std::exchange(copy, copy + ggml_nbytes(tensors_[i]));
            ggml_backend_tensor_get(tensors_[i], bytes_[i], 0, ggml_nbytes(tensors_[i]));
        }
    }

    ~LayerOnHost() {
        for (std::size_t i = 0; copied_ && i < tensors_.size(); ++i)
            ggml_backend_tensor_set(tensors_[i], bytes_[i], 0, ggml_nbytes(tensors_[i]));
    }

    LayerOnHost(const LayerOnHost&) = delete;
    LayerOnHost& operator=(const LayerOnHost&) = delete;

    int il() const { return il_; }
    std::byte* rotated_key(int head, int slot) const { return row(1, head, slot); }

    void swap(int head, int a, int b) const {
        for (std::size_t i = 0; i < tensors_.size(); ++i) {
            std::byte* const from = row(i, head, a);
            std::swap_ranges(from, from + tensors_[i]->nb[1], row(i, head, b));
        }
    }

   private:
    std::byte* row(std::size_t i, int head, int slot) const {
        return bytes_[i] + size(head) * tensors_[i]->nb[2] + size(slot) * tensors_[i]->nb[1];
    }

    int il_;
    std::array<ggml_tensor*, 3> tensors_;  // keys, rotated keys, values
    std::array<std::byte*, 3> bytes_{};
    bool copied_ = false;
};

HiddenEntries::HiddenEntries(KvCache& cache, KeptSlots kept, Scratch& scratch)
    : cache_(cache), kept_(std::move(kept)), scratch_(scratch), n_hidden_(cache.n() - n_kept()) {
    cache_.set_n(n_kept(), n_hidden_);
    for (int il = 0; il < cache_.shape().n_layer; ++il) {
        const LayerOnHost layer(cache_, il, scratch_.layer_);
        for (int head = 0; head < cache_.shape().n_head_kv; ++head) {
            const std::vector<int>& slots = kept_[head_index(il, head)];
            assert(slots.size() == kept_.front().size() && std::ranges::is_sorted(slots));
            for (int j = 0; j < n_kept(); ++j) swap_slots(layer, head, j, slots[size(j)]);
            const auto saved = saved_rotated_keys(il, head);
            std::memcpy(saved.data(), layer.rotated_key(head, 0), saved.size());
            swap_with_last(layer, head);
        }
    }
}

HiddenEntries::~HiddenEntries() {
    for (int il = 0; il < cache_.shape().n_layer; ++il) {
        const LayerOnHost layer(cache_, il, scratch_.layer_);
        for (int head = 0; head < cache_.shape().n_head_kv; ++head) {
            const std::vector<int>& slots = kept_[head_index(il, head)];
            swap_with_last(layer, head);
            const auto saved = saved_rotated_keys(il, head);
            std::memcpy(layer.rotated_key(head, 0), saved.data(), saved.size());
            for (int j = n_kept(); j-- > 0;) swap_slots(layer, head, j, slots[size(j)]);
        }
    }
    cache_.set_n(n_kept() + n_hidden_, 0);
}

std::size_t HiddenEntries::head_index(int il, int head) const {
    return size(il) * size(cache_.shape().n_head_kv) + size(head);
}

/// The rotated keys of a head's kept entries, as they were before these got other positions.
std::span<std::byte> HiddenEntries::saved_rotated_keys(int il, int head) {
    const std::size_t bytes = size(n_kept()) * cache_.rotated_keys(il)->nb[1];
    return std::span(scratch_.rotated_keys_).subspan(head_index(il, head) * bytes, bytes);
}

void HiddenEntries::swap_slots(const LayerOnHost& layer, int head, int a, int b) {
    if (a == b) return;
    layer.swap(head, a, b);
    cache_.swap_tags(layer.il(), head, a, b);
}

/// Swaps the hidden entries where new ones will be written with the free slots at the end. A second
/// call undoes the first.
void HiddenEntries::swap_with_last(const LayerOnHost& layer, int head) {
    const int capacity = cache_.shape().capacity;
    const int n_swaps = std::min(capacity - n_kept() - n_hidden_, n_hidden_);
    for (int i = 0; i < n_swaps; ++i) {
        swap_slots(layer, head, n_kept() + i, capacity - n_swaps + i);
    }
}

}  // namespace infinipot
