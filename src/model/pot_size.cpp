#include "model/pot_size.h"

#include <algorithm>

#include "cache/kv_cache.h"
#include "cache/local_windows.h"
#include "model/weights.h"
#include "tensor/device.h"

namespace infinipot {

namespace {

constexpr int smallest_batch = 32;  // below which matrices are multiplied slowly

}  // namespace

PotSize::PotSize(const Hparams& hparams, const Architecture& architecture)
    : hparams_(hparams), layers_(layer_plan(architecture, hparams.n_layer)) {
    for (int il = 0; il < hparams.n_layer; ++il) states_.push_back(architecture.state(il));
    if (layers_.n(LayerKind::local) == 0) return;
    constexpr int any_capacity = 1;
    window_ = architecture.attention(layers_.local_layer(0), any_capacity).window;
}

CacheShape PotSize::pot(int capacity, KvType type) const {
    return hparams_.cache_shape(layers_.n(LayerKind::global), capacity, type);
}

WindowShape PotSize::windows(const CacheShape& pot, int n_batch) const {
    WindowShape shape{.n_layer = layers_.n(LayerKind::local),
                      .n_head_kv = pot.n_head_kv,
                      .n_embd_head = pot.n_embd_head,
                      .window = std::min(window_, pot.capacity + 1),
                      .n_batch = n_batch,
                      .type = pot.type};
    shape.n_positions = std::max(hparams_.n_ctx_train, 2 * shape.n_slots());
    return shape;
}

int PotSize::batch(int capacity, int n_batch) const {
    if (window_ == 0) return n_batch;
    const int window = std::min(window_, capacity);
    return std::min(n_batch, std::max({window / 2, capacity / 16, smallest_batch}));
}

std::size_t PotSize::bytes_beside(const CacheShape& pot, int n_batch) const {
    return FixedState::bytes(states_) +
           LocalWindows::bytes(windows(pot, batch(pot.capacity, n_batch)));
}

std::size_t PotSize::bytes(const CacheShape& pot, int n_batch) const {
    return KvCache::entry_bytes(pot) * static_cast<std::size_t>(pot.capacity) +
           bytes_beside(pot, n_batch);
}

int PotSize::entries_in(std::size_t bytes, CacheShape pot, int n_batch, int most) const {
    int fits = 0, too_many = most + 1;
    while (too_many - fits > 1) {
        pot.capacity = fits + (too_many - fits) / 2;
        (this->bytes(pot, n_batch) <= bytes ? fits : too_many) = pot.capacity;
    }
    return fits;
}

PotSize read_pot_size(const GgufFile& file) {
    const Hparams hparams = read_hparams(file);
    WeightLoader names(file, {}, cpu_device());
    return {hparams, *make_architecture(hparams, file, names)};
}

}  // namespace infinipot
