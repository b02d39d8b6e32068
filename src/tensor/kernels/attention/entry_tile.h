// A tile of entries, for tiled.h and for the code that packs tiles.
#pragma once

#include <cstddef>

#include "tensor/kernels/attention/kernel.h"
#include "tensor/kernels/simd/f32s.h"

namespace infinipot::kernels {
namespace {

constexpr int tile = 64;  // entries
constexpr int tile_registers = tile / lanes;

/// Memory that is needed next. The kernel prefetches it line by line during its present work. A
/// prefetch of everything at once, or the CPU's own prefetcher, reaches half the speed.
struct Prefetch {
    const char* at;
    const char* end;
    void fetch_line() {
        if (at >= end) return;
        __builtin_prefetch(at);
        at += 64;
    }
};

/// Consecutive entries of a KV head, `entry_bytes` apart; at most one tile.
struct Entries {
    const char* data;
    std::size_t entry_bytes;
    EntryType type;
    int n;
    int n_embd_head;

    /// Returns entry i. Entries past the end repeat the last one.
    const char* entry(int i) const {
        return data + static_cast<std::size_t>(i < n ? i : n - 1) * entry_bytes;
    }

    /// Returns the bytes of all entries, or nothing if the entries are not adjacent.
    Prefetch prefetch() const {
        const bool adjacent = n > 0 && entry_bytes <= static_cast<std::size_t>(n_embd_head) * 2;
        if (!adjacent) return {nullptr, nullptr};
        return {data, data + static_cast<std::size_t>(n) * entry_bytes};
    }
};

/// Combines one number per entry with op, down to one register.
template <typename Op>
F32s fold(const F32s (&s)[tile_registers], Op op) {
    static_assert(tile_registers == 4 || tile_registers == 8);
    const F32s first = op(op(s[0], s[1]), op(s[2], s[3]));
    if constexpr (tile_registers == 4)
        return first;
    else
        return op(first, op(op(s[4], s[5]), op(s[6], s[7])));
}

/// Computes to = factors[m] * to + scales[m] * x, or scales[m] * x without factors. multiply() does
/// this with its sums of row m.
inline void put_product(F32s x, int m, const float* scales, const float* factors, float* to) {
    const F32s before = factors ? all(factors[m]) * load(to) : zero();
    store(to, fma(x, all(scales[m]), before));
}

}  // namespace
}  // namespace infinipot::kernels
