// A pot with random contents, for what reads them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "cache/kv_cache.h"
#include "cache/row_format.h"
#include "support/kernel_test.h"

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
                auto numbers = normal_numbers(n * shape.n_embd_head, seed++);
                const auto d = static_cast<std::size_t>(shape.n_embd_head);
                for (int i = 0; i < n; ++i) {
                    store_row(shape.type,
                              std::span(numbers).subspan(static_cast<std::size_t>(i) * d, d),
                              cache.row(pot, head, cache.n() + i));
                }
            }
        }
    }
    cache.append(tags);
}

/// The vector of one entry.
inline std::vector<float> row(const KvCache& cache, ggml_tensor* pot, int head, int slot) {
    std::vector<float> numbers(static_cast<std::size_t>(cache.shape().n_embd_head));
    load_row(cache.shape().type, cache.row(pot, head, slot), numbers);
    return numbers;
}

/// Replaces it by numbers of one's own, rounded.
inline void set_row(KvCache& cache, ggml_tensor* pot, int head, int slot,
                    std::vector<float> numbers) {
    store_row(cache.shape().type, numbers, cache.row(pot, head, slot));
}

/// Those of KvType, and a name for a test of each.
inline const std::vector<ggml_type> pot_types = {GGML_TYPE_F16, GGML_TYPE_BF16, GGML_TYPE_Q8_0,
                                                 GGML_TYPE_Q4_0};
inline std::string type_name(const testing::TestParamInfo<ggml_type>& test) {
    return ggml_type_name(test.param);
}

}  // namespace infinipot
