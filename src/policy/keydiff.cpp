// KeyDiff (Park et al. 2025, arXiv 2504.15364): keeps the keys least like the others. The anchor is
// the mean of all keys of a head, each scaled to length 1; the lower its cosine with a key, the
// more that key is worth. Keys are those of the cache, rotated. Per KV head; block by block, the
// anchor anew over what is in the cache; no sinks.
//
// It differs from the paper in that positions are reset after each block, as everywhere under
// Schedule::when_full here. `sinks` is an addition.

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "infinipot/policies.h"
#include "policy/score.h"
#include "policy/spec.h"

namespace infinipot {
namespace {

class KeyDiff final : public EvictionPolicy {
   public:
    explicit KeyDiff(KeyDiffOptions options) : options_(options) {}

    std::string spec() const override {
        return PolicySpec("keydiff", {{"sinks", print_value(options_.sinks)}}).print();
    }

    Needs needs() const override { return {.key_similarity = true}; }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        int head = 0;
        for (Keep& keep : heads) {
            std::vector<float> difference(static_cast<std::size_t>(view.n_kv));
            std::ranges::transform(view.key_similarity[head], difference.begin(), std::negate<>());
            keep.first(options_.sinks).fill_best(difference);
            ++head;
        }
    }

   private:
    KeyDiffOptions options_;
};

}  // namespace

PolicyPtr keydiff(KeyDiffOptions options) {
    check_count("keydiff", "sinks", options.sinks);
    return std::make_shared<KeyDiff>(options);
}

}  // namespace infinipot
