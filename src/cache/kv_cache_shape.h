#pragma once

#include <ggml.h>

#include <cstdint>

namespace infinipot {

struct CacheShape {
    int n_layer = 0;
    int n_head_kv = 0;
    int n_embd_head = 0;
    int capacity = 0;          ///< entries per layer and KV head
    bool accumulates = false;  ///< whether entries carry the attention that they have received
    /// Number format of keys, rotated keys and values: one that KvType names. Its blocks must
    /// divide n_embd_head.
    ggml_type type = GGML_TYPE_F16;
};

/// The token that an entry came from.
struct Tag {
    float surprisal = 0;  ///< nats, when first read
    std::int32_t token = 0;
    std::int64_t position = 0;  ///< in the stream, from 0
};

}  // namespace infinipot
