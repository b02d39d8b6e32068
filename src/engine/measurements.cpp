#include "engine/measurements.h"

#include <algorithm>

#include "observe/entry_geometry.h"

namespace infinipot {

namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

}  // namespace

Measurements::Measurements(const Plan& plan, const KvCache& cache, ForwardPass& forward)
    : plan_(plan), cache_(cache), forward_(forward), by_slot_(size(cache.shape().capacity)) {
    const Needs& needs = plan.needs;
    const std::size_t n = size(cache.shape().n_head_kv) * size(cache.shape().capacity);
    const auto reserve = [n](bool needed, auto& values) { values.resize(needed ? n : 0); };
    reserve(needs.attention != AttentionProbe::none, attention_);
    reserve(needs.across_layers, across_layers_);
    reserve(needs.surprisal, surprisal_);
    reserve(needs.position, position_);
    reserve(needs.sentences, ends_sentence_);
    reserve(needs.key_norm, key_norm_);
    reserve(needs.value_norm != ValueNorm::none, value_norm_);
    reserve(needs.key_similarity, key_similarity_);
    reserve(needs.expected_attention, expected_attention_);
}

std::size_t Measurements::bytes() const {
    std::size_t n = by_slot_.size() + 2 * position_.size();
    for (const Values* values : {&attention_, &across_layers_, &surprisal_, &key_norm_,
                                 &value_norm_, &key_similarity_, &expected_attention_}) {
        n += values->size();
    }
    return n * sizeof(float) + ends_sentence_.size();
}

/// Returns the grid of values that `fill` writes for one head by slot; empty if `values` is.
template <typename Fill>
Grid<const float> Measurements::grid(Values& values, Fill fill, int il, const TokenOrder* order) {
    if (values.empty()) return {};
    const CacheShape& shape = cache_.shape();
    const std::size_t n = size(cache_.n());
    for (int head = 0; head < shape.n_head_kv; ++head) {
        const std::span<float> row = std::span(values).subspan(size(head) * n, n);
        if (order == nullptr) {
            fill(head, row);
            continue;
        }
        fill(head, std::span(by_slot_).first(n));
        std::ranges::transform(order->slots(il * shape.n_head_kv + head), row.begin(),
                               [this](int slot) { return by_slot_[size(slot)]; });
    }
    return {values.data(), shape.n_head_kv, cache_.n()};
}

/// Returns the grid of values that `of` reads from one tag; empty if `values` is.
template <typename Value, typename Of>
Grid<const Value> Measurements::of_tags(std::vector<Value>& values, Of of, int il,
                                        const TokenOrder* order) const {
    if (values.empty()) return {};
    const CacheShape& shape = cache_.shape();
    auto next = values.begin();
    for (int head = 0; head < shape.n_head_kv; ++head) {
        const std::span<const Tag> tags = cache_.tags(il, head);
        for (int rank = 0; rank < cache_.n(); ++rank) {
            const int slot =
                order == nullptr ? rank : order->slots(il * shape.n_head_kv + head)[size(rank)];
            *next++ = of(tags[size(slot)]);
        }
    }
    return {values.data(), shape.n_head_kv, cache_.n()};
}

/// Takes the maximum over layers of each slot's attention. All layers keep the same entries, so
/// slot j of one layer is slot j of another.
void Measurements::compare_layers() {
    const CacheShape& shape = cache_.shape();
    const std::size_t n = size(cache_.n());
    std::ranges::fill(across_layers_, 0.0f);
    for (int il = 0; il < shape.n_layer; ++il) {
        for (int head = 0; head < shape.n_head_kv; ++head) {
            fill_attention(il, head, std::span(by_slot_).first(n));
            float* const most = across_layers_.data() + size(head) * n;
            for (std::size_t slot = 0; slot < n; ++slot) {
                most[slot] = std::max(most[slot], by_slot_[slot]);
            }
        }
    }
}

void Measurements::fill_attention(int il, int head, std::span<float> out) const {
    if (plan_.needs.attention == AttentionProbe::accumulated) {
        std::ranges::copy(cache_.attention(il, head), out.begin());
        return;
    }
    const CacheShape& shape = cache_.shape();
    const std::size_t row = size(il * shape.n_head_kv + head) * size(shape.capacity);
    std::ranges::copy(forward_.attention().subspan(row, out.size()), out.begin());
}

LayerView Measurements::view(int il, int n_new, const TokenOrder* order) {
    const auto of = [&](Values& values, auto fill) { return grid(values, fill, il, order); };
    std::span<const float> expected;
    if (plan_.needs.expected_attention) expected = forward_.expected_attention(il);
    if (plan_.needs.across_layers) compare_layers();
    const auto attention_of = [&](int head, std::span<float> out) {
        if (!plan_.needs.across_layers) return fill_attention(il, head, out);
        std::ranges::copy(std::span(across_layers_).subspan(size(head) * out.size(), out.size()),
                          out.begin());
    };
    return {
        .layer = il,
        .n_head_kv = cache_.shape().n_head_kv,
        .n_kv = cache_.n(),
        .n_new = n_new,
        .attention = of(attention_, attention_of),
        .surprisal = of(surprisal_,
                        [&](int h, auto out) {
                            std::ranges::transform(cache_.tags(il, h), out.begin(),
                                                   &Tag::surprisal);
                        }),
        .position = of_tags(
            position_, [](const Tag& tag) { return tag.position; }, il, order),
        .ends_sentence = of_tags(
            ends_sentence_, [&](const Tag& tag) { return plan_.sentence_ends[size(tag.token)]; },
            il, order),
        .key_norm = of(key_norm_, [&](int h, auto out) { key_norms(cache_, il, h, out); }),
        .value_norm = of(value_norm_,
                         [&](int h, auto out) {
                             value_norms(cache_, il, h,
                                         plan_.needs.value_norm == ValueNorm::l1 ? 1 : 2, out);
                         }),
        .key_similarity =
            of(key_similarity_, [&](int h, auto out) { key_similarities(cache_, il, h, out); }),
        .expected_attention = of(
            expected_attention_,
            [&](int h, auto out) {
                std::ranges::copy(expected.subspan(size(h) * out.size(), out.size()), out.begin());
            }),
    };
}

}  // namespace infinipot
