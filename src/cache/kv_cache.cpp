#include "cache/kv_cache.h"

#include <ggml-backend.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace infinipot {

int first_moved(const KeptSlots& kept) {
    std::size_t first = kept.front().size();
    for (const std::vector<int>& slots : kept) {
        std::size_t j = 0;
        while (j < first && slots[j] == static_cast<int>(j)) ++j;
        first = j;
    }
    return static_cast<int>(first);
}

KvCache::KvCache(const CacheShape& shape, ggml_backend_buffer_type_t type)
    : KvCache(shape, type,
              PageMemory::zeros(CacheLayout(shape).bytes, ggml_backend_buft_is_host(type))) {}

KvCache::KvCache(const CacheShape& shape, ggml_backend_buffer_type_t type, const CacheImage& image)
    : KvCache(shape, type, PageMemory::map(*image.file, image.offset, CacheLayout(shape).bytes)) {
    adopt(image);
}

KvCache::KvCache(const CacheShape& shape, ggml_backend_buffer_type_t type, PageMemory memory)
    : shape_(shape),
      layout_(shape),
      memory_(std::move(memory)),
      context_(make_description_context(3 * index(shape.n_layer))) {
    const std::size_t n_tags =
        index(shape.n_layer) * index(shape.n_head_kv) * index(shape.capacity);
    tags_ = {reinterpret_cast<Tag*>(memory_.data() + layout_.tags), n_tags};
    attention_ = {reinterpret_cast<float*>(memory_.data() + layout_.attention),
                  shape.accumulates ? n_tags : 0};
    const auto new_tensor = [&](const char* name, int il) {
        ggml_tensor* tensor = ggml_new_tensor_3d(context_.get(), shape.type, shape.n_embd_head,
                                                 shape.capacity, shape.n_head_kv);
        return ggml_format_name(tensor, "pot.%d.%s", il, name);
    };
    for (int il = 0; il < shape.n_layer; ++il) {
        layers_.push_back(
            {new_tensor("keys", il), new_tensor("rotated_keys", il), new_tensor("values", il)});
    }
    if (!ggml_backend_buft_is_host(type)) {
        buffer_ = allocate_tensors(context_.get(), type, "the KV cache");
        return;
    }
    buffer_.reset(ggml_backend_cpu_buffer_from_ptr(memory_.data(), layout_.bytes));
    for (int il = 0; il < shape.n_layer; ++il) {
        int which = 0;
        for (ggml_tensor* pot : {keys(il), rotated_keys(il), values(il)}) {
            ggml_backend_tensor_alloc(buffer_.get(), pot,
                                      memory_.data() + layout_.tensor(il, which++));
        }
    }
}

/// Calls f(tensor, offset in it, offset in the memory, bytes) for the vectors of each head.
template <typename F>
void KvCache::for_each_run(F f) const {
    if (n_ == 0) return;
    for (int il = 0; il < shape_.n_layer; ++il) {
        int which = 0;
        for (ggml_tensor* pot : {keys(il), rotated_keys(il), values(il)}) {
            const std::size_t base = layout_.tensor(il, which++);
            for (int head = 0; head < shape_.n_head_kv; ++head) {
                const std::size_t at = index(head) * pot->nb[2];
                f(pot, at, base + at, index(n_) * pot->nb[1]);
            }
        }
    }
}

void KvCache::write(const PageFile& file, std::size_t offset) const {
    std::vector<std::byte> copy;
    for_each_run(
        [&](ggml_tensor* pot, std::size_t in_tensor, std::size_t in_memory, std::size_t n) {
            const std::byte* from = memory_.data() + in_memory;
            if (!on_host()) {
                copy.resize(n);
                ggml_backend_tensor_get(pot, copy.data(), in_tensor, n);
                from = copy.data();
            }
            file.write({from, n}, offset + in_memory);
        });
    for (int il = 0; il < shape_.n_layer; ++il) {
        for (int head = 0; head < shape_.n_head_kv; ++head) {
            const std::size_t first = tag_offset(il, head);
            file.write(std::as_bytes(tags(il, head)), offset + layout_.tags + first * sizeof(Tag));
            file.write(std::as_bytes(attention(il, head)),
                       offset + layout_.attention + first * sizeof(float));
        }
    }
}

CacheImage KvCache::share() {
    if (image_.file && image_.n >= n_) return {image_.file, image_.offset, n_};
    const auto file = std::make_shared<const PageFile>(PageFile::in_memory(layout_.bytes));
    write(*file, 0);
    if (!on_host()) return {file, 0, n_};
    memory_.map_again(*file, 0);
    return image_ = {file, 0, n_};
}

void KvCache::go_back(const CacheImage& image) {
    const bool is_mapped = image_.file == image.file && image_.offset == image.offset;
    if (is_mapped && image_.n >= image.n) return truncate(image.n);
    memory_.map_again(*image.file, image.offset);
    adopt(image);
}

/// Takes over an image that memory_ maps.
void KvCache::adopt(const CacheImage& image) {
    n_ = image.n;
    if (on_host()) {
        image_ = image;
        return;
    }
    for_each_run(
        [&](ggml_tensor* pot, std::size_t in_tensor, std::size_t in_memory, std::size_t n) {
            ggml_backend_tensor_set(pot, memory_.data() + in_memory, in_tensor, n);
        });
}

void KvCache::change_from(int first) { image_.n = std::min(image_.n, first); }

std::size_t KvCache::entry_bytes(const CacheShape& shape) {
    const std::size_t vector_bytes = ggml_row_size(shape.type, shape.n_embd_head);
    const std::size_t tag_bytes = sizeof(Tag) + (shape.accumulates ? sizeof(float) : 0);
    return index(shape.n_layer) * index(shape.n_head_kv) * (3 * vector_bytes + tag_bytes);
}

std::size_t KvCache::attended_entry_bytes(const CacheShape& shape) {
    const std::size_t vector_bytes = ggml_row_size(shape.type, shape.n_embd_head);
    return index(shape.n_layer) * index(shape.n_head_kv) * 2 * vector_bytes;
}

std::size_t KvCache::tag_offset(int il, int head) const {
    return (index(il) * index(shape_.n_head_kv) + index(head)) * index(shape_.capacity);
}

std::span<const Tag> KvCache::tags(int il, int head) const {
    return {tags_.data() + tag_offset(il, head), index(n_)};
}

std::span<const float> KvCache::attention(int il, int head) const {
    if (attention_.empty()) return {};
    return {attention_.data() + tag_offset(il, head), index(n_)};
}

void KvCache::add_attention(int il, int head, std::span<const float> mass) {
    float* const sums = attention_.data() + tag_offset(il, head);
    std::fill(sums + n_, sums + mass.size(), 0.0f);
    for (std::size_t slot = 0; slot < mass.size(); ++slot) sums[slot] += mass[slot];
}

void KvCache::append(std::span<const Tag> tags) {
    assert(static_cast<int>(tags.size()) <= room());
    for (int il = 0; il < shape_.n_layer; ++il) {
        for (int head = 0; head < shape_.n_head_kv; ++head) {
            std::copy(tags.begin(), tags.end(),
                      tags_.begin() + static_cast<std::ptrdiff_t>(tag_offset(il, head)) + n_);
        }
    }
    n_ += static_cast<int>(tags.size());
}

void KvCache::truncate(int n) {
    assert(n >= 0 && n <= n_);
    n_ = n;
    change_from(n);
}

int KvCache::gather(const KeptSlots& kept) {
    for (int il = 0; il < shape_.n_layer; ++il) {
        for (int head = 0; head < shape_.n_head_kv; ++head) {
            const auto& slots = kept[index(il) * index(shape_.n_head_kv) + index(head)];
            assert(slots.size() == kept.front().size() && std::ranges::is_sorted(slots));
            if (on_host()) gather_vectors(il, head, slots);
            Tag* tags = tags_.data() + tag_offset(il, head);
            for (std::size_t j = 0; j < slots.size(); ++j) tags[j] = tags[slots[j]];
            if (shape_.accumulates) {
                float* attention = attention_.data() + tag_offset(il, head);
                for (std::size_t j = 0; j < slots.size(); ++j) attention[j] = attention[slots[j]];
            }
        }
    }
    n_ = static_cast<int>(kept.front().size());
    const int first = first_moved(kept);
    change_from(first);
    return first;
}

/// An ascending slot never lies before its destination. Moving from the front therefore overwrites
/// no entry that is still to be moved.
void KvCache::gather_vectors(int il, int head, std::span<const int> slots) const {
    for (ggml_tensor* pot : {keys(il), rotated_keys(il), values(il)}) {
        std::byte* const base = row(pot, head, 0);
        for (std::size_t j = 0; j < slots.size(); ++j) {
            const std::size_t slot = index(slots[j]);
            if (slot != j) std::memcpy(base + j * pot->nb[1], base + slot * pot->nb[1], pot->nb[1]);
        }
    }
}

/// Rows are read as F32, which holds every number of F16, BF16 and F32.
void KvCache::gather_graph(ggml_context* context, ggml_cgraph* graph,
                           std::span<ggml_tensor* const> slots) const {
    for (int il = 0; il < shape_.n_layer; ++il) {
        for (ggml_tensor* pot : {keys(il), rotated_keys(il), values(il)}) {
            ggml_tensor* kept = ggml_get_rows(context, pot, slots[index(il)]);
            ggml_tensor* front = ggml_view_3d(context, pot, pot->ne[0], kept->ne[1], pot->ne[2],
                                              pot->nb[1], pot->nb[2], 0);
            ggml_build_forward_expand(graph, ggml_cpy(context, kept, front));
        }
    }
}

void KvCache::set_n(int n, int n_hidden) {
    assert(n >= 0 && n_hidden >= 0 && n + n_hidden <= shape_.capacity);
    n_ = n;
    n_hidden_ = n_hidden;
}

void KvCache::swap_tags(int il, int head, int a, int b) {
    const std::size_t tags = tag_offset(il, head);
    std::swap(tags_[tags + index(a)], tags_[tags + index(b)]);
    if (shape_.accumulates) std::swap(attention_[tags + index(a)], attention_[tags + index(b)]);
}

std::byte* KvCache::row(ggml_tensor* pot, int head, int slot) const {
    assert(on_host());
    return static_cast<std::byte*>(pot->data) + index(head) * pot->nb[2] + index(slot) * pot->nb[1];
}

const std::byte* KvCache::rows(ggml_tensor* pot, int head, std::vector<std::byte>& copy) const {
    if (on_host()) return row(pot, head, 0);
    copy.resize(index(n_) * pot->nb[1]);
    ggml_backend_tensor_get(pot, copy.data(), index(head) * pot->nb[2], copy.size());
    return copy.data();
}

void KvCache::copy_vectors(int il, int head, int from, int to) const {
    for (ggml_tensor* pot : {keys(il), rotated_keys(il), values(il)}) {
        std::memcpy(row(pot, head, to), row(pot, head, from), pot->nb[1]);
    }
}

void KvCache::replace_newest(int il, int head, int slot, const Tag& tag) {
    const int newest = n_ - 1;
    if (slot != newest) copy_vectors(il, head, slot, newest);
    const std::size_t at = tag_offset(il, head) + index(newest);
    tags_[at] = tag;
    if (shape_.accumulates) attention_[at] = 0;
}

void KvCache::move_last_to(int il, int head, int slot) {
    const int last = n_ - 1;
    assert(0 <= slot && slot <= last);
    if (slot == last) return;
    copy_vectors(il, head, last, slot);
    const std::size_t tags = tag_offset(il, head);
    tags_[tags + index(slot)] = tags_[tags + index(last)];
    if (shape_.accumulates) attention_[tags + index(slot)] = attention_[tags + index(last)];
}

}  // namespace infinipot
