// Cost of evicting one entry of every head from a KV cache of TinyLlama (22 layers, 4 KV heads of
// 64). In place, the newest entry takes the freed slot. By gathering, all entries behind it move.
// Both rotate the keys again for positions that are reset. Arguments: number of entries, and the
// victim's rank in per cent of it. Output: time, and memory traffic in GB/s.

#include <benchmark/benchmark.h>

#include "cache/kv_cache.h"
#include "cache/rotation_table.h"
#include "cache/token_order.h"
#include "tensor/backend.h"

namespace infinipot {
namespace {

constexpr CacheShape tinyllama = {
    .n_layer = 22, .n_head_kv = 4, .n_embd_head = 64, .capacity = 2048};
constexpr int n_heads = tinyllama.n_layer * tinyllama.n_head_kv;

/// A KV cache with room for one more token, with order and rotation of its entries.
struct Pot {
    explicit Pot(int n)
        : cache(tinyllama, backend.buffer_type()),
          order(n_heads, tinyllama.capacity),
          table({.n_rot = 64}, 64, 2 * tinyllama.capacity, backend) {
        append(n);
    }

    void append(int n) {
        cache.append(std::vector<Tag>(static_cast<std::size_t>(n)));
        order.append(n);
    }

    Backend backend{1};
    KvCache cache;
    TokenOrder order;
    RotationTable table;
};

void rotate(Pot& pot, int head, int rank, int position) {
    const int il = head / tinyllama.n_head_kv, h = head % tinyllama.n_head_kv;
    const int slot = pot.order.slots(head)[static_cast<std::size_t>(rank)];
    pot.table.rotate(GGML_TYPE_F16, pot.cache.row(pot.cache.keys(il), h, slot), position,
                     pot.cache.row(pot.cache.rotated_keys(il), h, slot), {});
}

void evict_in_place(benchmark::State& state) {
    const int n = static_cast<int>(state.range(0));
    const int victim = static_cast<int>(n * state.range(1) / 100);
    Pot pot(n);
    for (auto _ : state) {
        for (int head = 0; head < n_heads; ++head) {
            pot.cache.move_last_to(head / tinyllama.n_head_kv, head % tinyllama.n_head_kv,
                                   pot.order.slots(head)[static_cast<std::size_t>(victim)]);
            pot.order.replace(head, victim);
            for (int rank = 0; rank < victim; ++rank) rotate(pot, head, rank, rank + 1);
        }
        pot.order.shrink();
        pot.cache.truncate(n - 1);
        pot.append(1);
    }
    state.SetBytesProcessed(state.iterations() * n_heads * (3 * 2 + victim * 2) * 64 * 2);
}

void evict_by_gathering(benchmark::State& state) {
    const int n = static_cast<int>(state.range(0));
    const int victim = static_cast<int>(n * state.range(1) / 100);
    std::vector<int> slots;
    for (int slot = 0; slot < n; ++slot) {
        if (slot != victim) slots.push_back(slot);
    }
    const KeptSlots kept(n_heads, slots);
    Pot pot(n);
    for (auto _ : state) {
        pot.cache.gather(kept);
        for (int head = 0; head < n_heads; ++head) {
            for (int rank = victim; rank < n - 1; ++rank) rotate(pot, head, rank, rank);
        }
        pot.cache.append(std::vector<Tag>(1));
    }
    state.SetBytesProcessed(state.iterations() * n_heads * (n - victim) * (3 * 2 + 2) * 64 * 2);
}

void arguments(benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgNames({"entries", "victim%"})->Unit(benchmark::kMicrosecond);
    for (const int percent : {0, 25, 50}) benchmark->Args({1792, percent});
}
BENCHMARK(evict_in_place)->Apply(arguments);
BENCHMARK(evict_by_gathering)->Apply(arguments);

}  // namespace
}  // namespace infinipot
