#include "cache/cache_layout.h"

#include "base/page_memory.h"

namespace infinipot {

namespace {

constexpr std::size_t tensor_alignment = 64;

std::size_t rounded_up(std::size_t n, std::size_t multiple) {
    return (n + multiple - 1) / multiple * multiple;
}

}  // namespace

CacheLayout::CacheLayout(const CacheShape& shape) {
    const auto n_layer = static_cast<std::size_t>(shape.n_layer);
    const std::size_t n_rows =
        static_cast<std::size_t>(shape.n_head_kv) * static_cast<std::size_t>(shape.capacity);
    tensor_bytes =
        rounded_up(n_rows * ggml_row_size(shape.type, shape.n_embd_head), tensor_alignment);
    tags = 3 * n_layer * tensor_bytes;
    attention = tags + n_layer * n_rows * sizeof(Tag);
    const std::size_t sums = shape.accumulates ? n_layer * n_rows * sizeof(float) : 0;
    bytes = rounded_up(attention + sums, PageMemory::alignment);
}

}  // namespace infinipot
