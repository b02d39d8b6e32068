#include "engine/distil.h"

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "infinipot/error.h"

namespace infinipot {

namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// The pot has one n for all heads; a policy of a user's own may not know.
void require_equal_sizes(const KeptSlots& kept, const EvictionPolicy& policy) {
    for (const auto& slots : kept) {
        if (slots.size() == kept.front().size() && !slots.empty()) continue;
        throw Error(ErrorCode::invalid_argument,
                    "policy " + policy.spec() + " keeps " + std::to_string(kept.front().size()) +
                        " entries in one head and " + std::to_string(slots.size()) +
                        " in another; it must fill the room of every head");
    }
}

}  // namespace

Distiller::Distiller(const Plan& plan, KvCache& cache, ForwardPass& forward)
    : plan_(plan), cache_(cache), forward_(forward) {
    if (plan.needs.surprisal) {
        surprisal_.resize(size(cache.shape().n_head_kv) * size(cache.shape().capacity));
    }
}

void Distiller::distil(std::int64_t stream_position) {
    const std::span<const float> attention = observe(stream_position);
    const KeptSlots kept = select(attention);
    const int first_moved = gather(kept);
    renumber(first_moved);
}

/// What the catalyst attends to: [n_layer][n_head_kv][capacity], or nothing if no one asks.
std::span<const float> Distiller::observe(std::int64_t stream_position) {
    if (plan_.catalyst.empty()) return {};
    const Stopwatch watch;
    const bool reset = plan_.options.positions == Positions::reset;
    const auto attention = forward_.catalyst_attention(
        plan_.catalyst, reset ? cache_.n() : static_cast<int>(stream_position));
    times_.catalyst += watch.seconds();
    return attention;
}

KeptSlots Distiller::select(std::span<const float> attention) {
    const Stopwatch watch;
    KeptSlots kept;
    for (int il = 0; il < cache_.shape().n_layer; ++il) {
        std::vector<Keep> heads = keep_protected();
        plan_.options.policy->select(view(il, attention), heads);
        for (const Keep& head : heads) kept.push_back(head.slots());
    }
    require_equal_sizes(kept, *plan_.options.policy);
    times_.select += watch.seconds();
    return kept;
}

/// One Keep per head in which the Budget's protected entries are kept already.
std::vector<Keep> Distiller::keep_protected() const {
    const Budget& budget = plan_.options.budget;
    Keep keep(cache_.n(), std::min(budget.retain, cache_.n()));
    keep.first(budget.protect_first).last(budget.protect_recent);
    return std::vector<Keep>(size(cache_.shape().n_head_kv), keep);
}

LayerView Distiller::view(int il, std::span<const float> attention) {
    const CacheShape& shape = cache_.shape();
    LayerView view{.layer = il, .n_head_kv = shape.n_head_kv, .n_kv = cache_.n()};
    if (!attention.empty()) {
        const std::size_t layer_size = size(shape.n_head_kv) * size(shape.capacity);
        view.attention = {attention.data() + size(il) * layer_size, shape.n_head_kv, cache_.n(),
                          size(shape.capacity)};
    }
    if (plan_.needs.surprisal) {
        auto next = surprisal_.begin();
        for (int head = 0; head < shape.n_head_kv; ++head) {
            next = std::ranges::transform(cache_.tags(il, head), next, &Tag::surprisal).out;
        }
        view.surprisal = {surprisal_.data(), shape.n_head_kv, cache_.n()};
    }
    return view;
}

/// Moves the survivors to the front, in reading order.
int Distiller::gather(const KeptSlots& kept) {
    const Stopwatch watch;
    const int first_moved = cache_.gather(kept);
    times_.gather += watch.seconds();
    return first_moved;
}

/// Context-reset RoPE: the survivors take the positions 0..retain-1 (§3.5).
void Distiller::renumber(int first_moved) {
    if (plan_.options.positions == Positions::keep) return;
    const Stopwatch watch;
    forward_.renumber(first_moved);
    times_.gather += watch.seconds();
}

}  // namespace infinipot
