// KeyDiff (Park et al. 2025, arXiv 2504.15364): keeps the keys that are least like the others. The
// anchor is the mean of all keys of a head, each scaled to length 1. The lower a key's cosine with
// the anchor, the higher its score. Keys are the cache's rotated ones. Each KV head chooses, block
// by block, with a new anchor over the entries in the cache. There are no sinks.
//
// It differs from the paper in that positions are reset after each block, as they always are here
// under Schedule::when_full. `sinks` is an addition.

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "infinipot/policies.h"
#include "policy/row.h"

namespace infinipot::policies {
namespace {

const PolicyRow<KeyDiffOptions>& row() {
    static const PolicyRow<KeyDiffOptions> row = {
        .name = "keydiff",
        .summary = "Keeps the keys least similar to the others of their head.",
        .source = "Park et al. 2025, arXiv 2504.15364",
        .cost = "One pass over all keys at each eviction.",
        .make = keydiff,
        .options = {sinks_option<KeyDiffOptions>()},
    };
    return row;
}

class KeyDiff final : public EvictionPolicy {
   public:
    explicit KeyDiff(KeyDiffOptions options) : options_(options) {}

    std::string spec() const override { return row().spec(options_); }

    Needs needs() const override { return {.key_similarity = true}; }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        for (HeadView head : view.heads(heads)) {
            std::vector<float> difference(static_cast<std::size_t>(view.n_kv));
            std::ranges::transform(head.key_similarity, difference.begin(), std::negate<>());
            head.keep.first(options_.sinks).fill_best(difference);
        }
    }

   private:
    KeyDiffOptions options_;
};

}  // namespace

PolicyPtr keydiff(KeyDiffOptions options) {
    row().check(options);
    return std::make_shared<KeyDiff>(options);
}

AnyPolicyRow keydiff_row() { return row(); }

}  // namespace infinipot::policies
