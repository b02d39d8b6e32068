// A small cache whose entries can be compared as a whole.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/random_cache.h"

namespace infinipot {

inline CacheShape shape_of(ggml_type type) {
    return {.n_layer = 2,
            .n_head_kv = 3,
            .n_embd_head = 64,
            .capacity = 16,
            .accumulates = true,
            .type = type};
}

/// All that an entry is.
struct Entry {
    std::vector<float> key, rotated_key, value;
    std::int32_t token;
    float surprisal;
    std::int64_t position;
    float attention;

    bool operator==(const Entry&) const = default;
};

inline Entry entry(const KvCache& cache, int il, int head, int slot) {
    const auto at = static_cast<std::size_t>(slot);
    const Tag& tag = cache.tags(il, head)[at];
    const auto attention = cache.attention(il, head);
    return {row(cache, cache.keys(il), head, slot),
            row(cache, cache.rotated_keys(il), head, slot),
            row(cache, cache.values(il), head, slot),
            tag.token,
            tag.surprisal,
            tag.position,
            attention.empty() ? 0 : attention[at]};
}

inline std::vector<Entry> entries(const KvCache& cache, int il, int head) {
    std::vector<Entry> all;
    for (int slot = 0; slot < cache.n(); ++slot) all.push_back(entry(cache, il, head, slot));
    return all;
}

inline std::vector<float> attention(const KvCache& cache, int il, int head) {
    const auto sums = cache.attention(il, head);
    return {sums.begin(), sums.end()};
}

/// A cache of each type, with random contents.
class CacheTest : public testing::TestWithParam<ggml_type> {
   protected:
    CacheTest() : shape(shape_of(GetParam())), cache_(shape, Backend(1).buffer_type()) {}

    /// Ten entries with attention 1, 2, 3, ... over all heads.
    void fill() {
        append_random(cache_, 10);
        float next = 1;
        for (int il = 0; il < shape.n_layer; ++il) {
            for (int head = 0; head < shape.n_head_kv; ++head) {
                std::vector<float> mass(10);
                for (float& value : mass) value = next++;
                cache_.add_attention(il, head, mass);
            }
        }
    }

    CacheShape shape;
    KvCache cache_;
};

}  // namespace infinipot
