// A tile of entries, as attention_x8.cpp and what packs tiles for it see it.
#pragma once

#include <cstddef>

#include "tensor/kernels/attention_layout.h"
#include "tensor/kernels/f32x8.h"

namespace infinipot::kernels {
namespace {

constexpr int tile = 64;  // entries
constexpr int tile_registers = tile / lanes;

/// Some of the entries of a KV head, `entry_bytes` apart; at most a tile of them.
struct Entries {
    const char* data;
    std::size_t entry_bytes;
    EntryType type;
    int n;
    int n_embd_head;

    /// Those past the end are the last one once more.
    const char* entry(int i) const {
        return data + static_cast<std::size_t>(i < n ? i : n - 1) * entry_bytes;
    }
};

/// op over one number per entry.
template <typename Op>
F32x8 fold(const F32x8 (&s)[tile_registers], Op op) {
    static_assert(tile_registers == 8);
    return op(op(op(s[0], s[1]), op(s[2], s[3])), op(op(s[4], s[5]), op(s[6], s[7])));
}

}  // namespace
}  // namespace infinipot::kernels
