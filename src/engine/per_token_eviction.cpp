#include "engine/per_token_eviction.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>

#include "base/clock.h"
#include "infinipot/error.h"

namespace infinipot {

namespace {

/// Returns the one slot that is not kept.
int evicted(const Keep& keep, const EvictionPolicy& policy) {
    int found = -1, n_found = 0;
    for (int slot = 0; slot < keep.n_kv(); ++slot) {
        if (keep.kept(slot)) continue;
        found = slot;
        ++n_found;
    }
    if (n_found == 1) return found;
    throw Error(ErrorCode::invalid_argument,
                "policy " + policy.spec() + " lets " + std::to_string(n_found) +
                    " entries of a head go where one must; it must fill the room of every head");
}

}  // namespace

PerTokenEviction::PerTokenEviction(const Plan& plan, const Model::Impl& model, KvCache& cache,
                                   ForwardPass& forward, Backend& backend)
    : plan_(plan),
      cache_(cache),
      measurements_(plan, cache, forward),
      tables_(model, cache.shape().capacity, 2 * cache.shape().capacity, backend),
      scratch_(static_cast<std::size_t>(cache.shape().n_head_kv * cache.shape().n_embd_head)),
      order_(cache.shape().n_layer * cache.shape().n_head_kv, cache.shape().capacity) {}

void PerTokenEviction::serialize(StateArchive& archive) {
    order_.serialize(archive);
    archive.require(order_.n() == cache_.n());
    archive.number(first_position_, 0, tables_[0].n_positions() - 1 - cache_.n());
    archive.number(n_old_, 0, cache_.n());
    archive.value(seconds_);
}

int PerTokenEviction::next_position() const { return first_position_ + cache_.n(); }

int PerTokenEviction::left_to_new_positions() const {
    if (plan_.options.positions.rule != Positions::reset) return std::numeric_limits<int>::max();
    return tables_[0].n_positions() - next_position();
}

void PerTokenEviction::evict() {
    const Stopwatch watch;
    const CacheShape& shape = cache_.shape();
    std::vector<int> ranks;
    for (int il = 0; il < shape.n_layer; ++il)
        std::ranges::copy(select(il), std::back_inserter(ranks));
    auto rank = ranks.begin();
    for (int il = 0; il < shape.n_layer; ++il) {
        for (int head = 0; head < shape.n_head_kv; ++head) evict(il, head, *rank++, 1);
    }
    commit(1);
    seconds_ += watch.seconds();
}

void PerTokenEviction::begin(const Tag& newest) {
    cache_.append({&newest, 1});
    order_.append(1);
}

void PerTokenEviction::insert(int il, int head, int slot, const Tag& tag) {
    cache_.replace_newest(il, head, slot, tag);
    order_.renew(head_index(il, head));
}

std::vector<int> PerTokenEviction::select(int il) {
    const ResolvedBudget& budget = plan_.options.budget;
    const EvictionPolicy& policy = *plan_.options.policy;
    Keep keep(cache_.n(), cache_.n() - 1);
    keep.first(budget.protect_first).last(budget.protect_recent);
    std::vector<Keep> heads(static_cast<std::size_t>(cache_.shape().n_head_kv), keep);
    policy.select(measurements_.view(il, cache_.n() - n_old_, &order_), heads);
    std::vector<int> ranks;
    for (const Keep& head : heads) ranks.push_back(evicted(head, policy));
    return ranks;
}

void PerTokenEviction::evict(int il, int head, int rank, int n_gone) {
    const int index = head_index(il, head);
    cache_.move_last_to(il, head, order_.slots(index)[static_cast<std::size_t>(rank)]);
    order_.replace(index, rank);
    if (plan_.options.positions.rule == Positions::reset) {
        rotate_oldest(il, head, rank, first_position_ + n_gone);
    }
}

void PerTokenEviction::commit(int n_gone) {
    order_.shrink();
    cache_.truncate(cache_.n() - 1);
    cache_.change_from(0);
    n_old_ = cache_.n();
    if (plan_.options.positions.rule != Positions::reset) return;
    first_position_ += n_gone;
    if (left_to_new_positions() > 0) return;
    first_position_ = 0;
    for (int il = 0; il < cache_.shape().n_layer; ++il) {
        for (int head = 0; head < cache_.shape().n_head_kv; ++head) {
            rotate_oldest(il, head, order_.n(), 0);
        }
    }
}

void PerTokenEviction::rotate_oldest(int il, int head, int n, int first_position) {
    const CacheShape& shape = cache_.shape();
    const auto oldest = order_.slots(head_index(il, head)).first(static_cast<std::size_t>(n));
    const auto n_embd_head = static_cast<std::size_t>(shape.n_embd_head);
    const std::span<float> scratch =
        std::span(scratch_).subspan(static_cast<std::size_t>(head) * n_embd_head, n_embd_head);
    const KeyCentre centre = cache_.key_centres().of_head(il, head);
    int position = first_position;
    for (const int slot : oldest) {
        tables_[il].rotate(shape.type, cache_.row(cache_.keys(il), head, slot), position++,
                           cache_.row(cache_.rotated_keys(il), head, slot), scratch, centre);
    }
}

}  // namespace infinipot
