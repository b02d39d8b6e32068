// A pot with random contents, for what reads them.
#pragma once

#include <cstddef>
#include <vector>

#include "cache/kv_cache.h"
#include "tensor/kernel_test.h"

namespace infinipot {

/// Appends `n` entries whose keys, rotated keys and values are normal numbers.
inline void append_random(KvCache& cache, int n, unsigned seed = 1) {
    const CacheShape& shape = cache.shape();
    std::vector<Tag> tags;
    for (int i = 0; i < n; ++i) {
        const int position = cache.n() + i;
        tags.push_back({static_cast<float>(position) / 4, 100 + position, position});
    }
    for (int il = 0; il < shape.n_layer; ++il) {
        for (ggml_tensor* pot : {cache.keys(il), cache.rotated_keys(il), cache.values(il)}) {
            for (int head = 0; head < shape.n_head_kv; ++head) {
                const auto numbers = normal_numbers(n * shape.n_embd_head, seed++);
                ggml_fp32_to_fp16_row(numbers.data(), cache.row(pot, head, cache.n()),
                                      n * shape.n_embd_head);
            }
        }
    }
    cache.append(tags);
}

/// The vector of one entry.
inline std::vector<float> row(const KvCache& cache, ggml_tensor* pot, int head, int slot) {
    std::vector<float> numbers(static_cast<std::size_t>(cache.shape().n_embd_head));
    ggml_fp16_to_fp32_row(cache.row(pot, head, slot), numbers.data(), cache.shape().n_embd_head);
    return numbers;
}

}  // namespace infinipot
