#pragma once

#include <cstddef>

#include "cache/kv_cache_shape.h"

namespace infinipot {

/// The places of the parts of a KV cache in its memory, and in a snapshot of it: per layer keys,
/// rotated keys and values, then all tags, then the attention that entries have received, if it is
/// kept. Offsets and sizes in bytes. A snapshot is mapped as a cache's memory, so that a change
/// here is a new version of its format.
struct CacheLayout {
    explicit CacheLayout(const CacheShape& shape);

    /// Returns the offset of one of the three tensors of a layer; 0: keys, 1: rotated keys, 2:
    /// values.
    std::size_t tensor(int il, int which) const {
        return (static_cast<std::size_t>(il) * 3 + static_cast<std::size_t>(which)) * tensor_bytes;
    }

    std::size_t tensor_bytes;  ///< of one tensor, a multiple of 64
    std::size_t tags;          ///< offset
    std::size_t attention;     ///< offset
    std::size_t bytes;         ///< of everything, a multiple of PageMemory::alignment
};

}  // namespace infinipot
