#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "infinipot/policy.h"

namespace infinipot {
namespace {

/// A strict total order over slots, so that every selection has exactly one result.
class Better {
   public:
    explicit Better(std::span<const float> score) : score_(score) {}

    bool operator()(int a, int b) const {
        const float score_a = score_[static_cast<std::size_t>(a)];
        const float score_b = score_[static_cast<std::size_t>(b)];
        if (std::isnan(score_a) != std::isnan(score_b)) return std::isnan(score_b);
        if (score_a > score_b) return true;
        if (score_a < score_b) return false;
        return a > b;  // equal or both NaN: the more recent slot is better
    }

   private:
    std::span<const float> score_;
};

}  // namespace

Keep::Keep(int n_kv, int n_keep) : kept_(static_cast<std::size_t>(n_kv), 0), room_(n_keep) {
    assert(0 <= n_keep && n_keep <= n_kv);
}

Keep& Keep::add(int slot) {
    if (room_ == 0 || kept(slot)) return *this;
    kept_[static_cast<std::size_t>(slot)] = 1;
    --room_;
    return *this;
}

Keep& Keep::first(int n) {
    const int end = std::min(n, n_kv());
    for (int slot = 0; slot < end; ++slot) add(slot);
    return *this;
}

Keep& Keep::last(int n) {
    const int end = std::max(n_kv() - n, 0);
    for (int slot = n_kv() - 1; slot >= end; --slot) add(slot);
    return *this;
}

Keep& Keep::best(std::span<const float> score, int n) {
    n = std::min(n, room_);
    if (n <= 0) return *this;
    assert(score.size() == kept_.size());

    std::vector<int> candidates;  // at least as many as there is room
    candidates.reserve(kept_.size());
    for (int slot = 0; slot < n_kv(); ++slot) {
        if (!kept(slot)) candidates.push_back(slot);
    }
    const auto end = candidates.begin() + n;
    if (end != candidates.end()) {
        std::nth_element(candidates.begin(), end, candidates.end(), Better(score));
    }
    std::for_each(candidates.begin(), end, [this](int slot) { add(slot); });
    return *this;
}

Keep& Keep::fill_best(std::span<const float> score) { return best(score, room_); }

Keep& Keep::fill_recent() { return last(n_kv()); }

std::vector<int> Keep::slots() const {
    std::vector<int> slots;
    for (int slot = 0; slot < n_kv(); ++slot) {
        if (kept(slot)) slots.push_back(slot);
    }
    return slots;
}

}  // namespace infinipot
