#include "engine/one_by_one.h"

#include <string>

#include "base/clock.h"
#include "infinipot/error.h"

namespace infinipot {

namespace {

/// The one slot that is not kept.
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

OneByOne::OneByOne(const Plan& plan, const Model::Impl& model, KvCache& cache, ForwardPass& forward,
                   Backend& backend)
    : plan_(plan),
      cache_(cache),
      measurements_(plan, cache, forward),
      tables_(model, cache.shape().capacity, 2 * cache.shape().capacity, backend),
      order_(cache.shape().n_layer * cache.shape().n_head_kv, cache.shape().capacity),
      key_(static_cast<std::size_t>(cache.shape().n_embd_head)) {}

int OneByOne::next_position() const { return first_position_ + cache_.n(); }

void OneByOne::evict() {
    const Stopwatch watch;
    const std::vector<int> ranks = select();
    const int n_head_kv = cache_.shape().n_head_kv;
    for (int head = 0; head < static_cast<int>(ranks.size()); ++head) {
        const int rank = ranks[static_cast<std::size_t>(head)];
        cache_.move_last_to(head / n_head_kv, head % n_head_kv,
                            order_.slots(head)[static_cast<std::size_t>(rank)]);
        order_.replace(head, rank);
    }
    order_.shrink();
    cache_.truncate(cache_.n() - 1);
    n_old_ = cache_.n();
    ++first_position_;
    if (plan_.positions.rule == Positions::reset) {
        for (int head = 0; head < static_cast<int>(ranks.size()); ++head) {
            step_up(head / n_head_kv, head % n_head_kv, ranks[static_cast<std::size_t>(head)]);
        }
        if (next_position() >= tables_[0].n_positions()) start_positions_anew();
    }
    seconds_ += watch.seconds();
}

/// The ranks that leave, one for each head of each layer.
std::vector<int> OneByOne::select() {
    const Budget& budget = plan_.options.budget;
    const EvictionPolicy& policy = *plan_.options.policy;
    Keep keep(cache_.n(), cache_.n() - 1);
    keep.first(budget.protect_first).last(budget.protect_recent);
    std::vector<int> ranks;
    for (int il = 0; il < cache_.shape().n_layer; ++il) {
        std::vector<Keep> heads(static_cast<std::size_t>(cache_.shape().n_head_kv), keep);
        policy.select(measurements_.view(il, cache_.n() - n_old_, &order_), heads);
        for (const Keep& head : heads) ranks.push_back(evicted(head, policy));
    }
    return ranks;
}

void OneByOne::step_up(int il, int head, int n_older) {
    for (int rank = 0; rank < n_older; ++rank) rotate(il, head, rank);
}

void OneByOne::start_positions_anew() {
    first_position_ = 0;
    for (int il = 0; il < cache_.shape().n_layer; ++il) {
        for (int head = 0; head < cache_.shape().n_head_kv; ++head) step_up(il, head, order_.n());
    }
}

void OneByOne::rotate(int il, int head, int rank) {
    const int slot =
        order_.slots(il * cache_.shape().n_head_kv + head)[static_cast<std::size_t>(rank)];
    tables_[il].rotate(cache_.shape().type, cache_.row(cache_.keys(il), head, slot),
                       first_position_ + rank, cache_.row(cache_.rotated_keys(il), head, slot),
                       key_);
}

}  // namespace infinipot
