#include "engine/distil.h"

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "infinipot/error.h"

namespace infinipot {

namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// The cache has one n for all heads, which a user's own policy may violate.
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
    : plan_(plan), cache_(cache), forward_(forward), measurements_(plan, cache, forward) {}

void Distiller::serialize(StateArchive& archive) {
    archive.number(n_old_, 0, cache_.shape().capacity);
    archive.value(times_.catalyst);
    archive.value(times_.select);
    archive.value(times_.gather);
}

void Distiller::distil(std::int64_t stream_position, int n, int n_last) {
    observe(stream_position);
    const KeptSlots kept = select(n, n_last);
    const int first_moved = gather(kept);
    n_old_ = std::max(cache_.n() - n_last, 0);
    renumber(first_moved);
}

/// Measures what the catalyst attends to. Everything else was measured while the text was read.
void Distiller::observe(std::int64_t stream_position) {
    if (plan_.catalyst.empty()) return;
    const Stopwatch watch;
    const bool reset = plan_.options.positions.rule == Positions::reset;
    forward_.run_catalyst(plan_.catalyst, reset ? cache_.n() : static_cast<int>(stream_position));
    times_.catalyst += watch.seconds();
}

KeptSlots Distiller::select(int n, int n_last) {
    const Stopwatch watch;
    KeptSlots kept = select_from(keep_protected(n, n_last));
    times_.select += watch.seconds();
    return kept;
}

void Distiller::attend(std::span<const Token> question, int position) {
    forward_.run_catalyst(question, position);
}

/// Protects few of the most recent entries, which are hardly more likely to answer a question than
/// others.
KeptSlots Distiller::choose(int n) {
    const ResolvedBudget& budget = plan_.options.budget;
    return select_from(Keep(cache_.n(), n)
                           .first(budget.protect_first)
                           .last(std::min(budget.protect_recent, n / 8)));
}

/// Returns the policy's choice for all layers and heads, on top of what `keep` holds already.
KeptSlots Distiller::select_from(const Keep& keep) {
    KeptSlots kept, of_layer;
    for (int il = 0; il < cache_.shape().n_layer; ++il) {
        if (il == 0 || !plan_.needs.across_layers) of_layer = select_in_layer(il, keep);
        kept.insert(kept.end(), of_layer.begin(), of_layer.end());
    }
    require_equal_sizes(kept, *plan_.options.policy);
    return kept;
}

KeptSlots Distiller::select_in_layer(int il, const Keep& keep) {
    std::vector<Keep> heads(size(cache_.shape().n_head_kv), keep);
    plan_.options.policy->select(measurements_.view(il, cache_.n() - n_old_, nullptr), heads);
    KeptSlots kept;
    for (const Keep& head : heads) kept.push_back(head.slots());
    return kept;
}

/// Returns the Keep of a head that holds the entries protected by the Budget.
Keep Distiller::keep_protected(int n, int n_last) const {
    const ResolvedBudget& budget = plan_.options.budget;
    Keep keep(cache_.n(), std::min(n, cache_.n()));
    keep.last(n_last).first(budget.protect_first).last(budget.protect_recent);
    return keep;
}

/// Moves the survivors to the front, in reading order.
int Distiller::gather(const KeptSlots& kept) {
    const Stopwatch watch;
    const int first_moved = forward_.gather(kept);
    if (QueryStatistics* statistics = forward_.query_statistics()) statistics->forget();
    times_.gather += watch.seconds();
    return first_moved;
}

/// Rotates survivors for their new positions 0..retain-1: context-reset RoPE (§3.5).
void Distiller::renumber(int first_moved) {
    if (plan_.options.positions.rule != Positions::reset) return;
    const Stopwatch watch;
    forward_.renumber(first_moved);
    times_.gather += watch.seconds();
}

}  // namespace infinipot
