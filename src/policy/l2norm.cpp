// L2 norm of keys (Devoto et al. 2024, arXiv 2406.11430): keys of low norm are those that attract
// attention, so the lowest are kept. Per KV head; rotation does not change a norm.
//
// It differs from the authors' scripts in that no layers are exempt.

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "infinipot/policies.h"
#include "policy/spec.h"

namespace infinipot {
namespace {

class L2Norm final : public EvictionPolicy {
   public:
    std::string spec() const override { return PolicySpec("l2norm").print(); }

    Needs needs() const override { return {.key_norm = true}; }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        int head = 0;
        for (Keep& keep : heads) {
            std::vector<float> score(static_cast<std::size_t>(view.n_kv));
            std::ranges::transform(view.key_norm[head], score.begin(), std::negate<>());
            keep.fill_best(score);
            ++head;
        }
    }
};

}  // namespace

PolicyPtr l2norm() { return std::make_shared<L2Norm>(); }

}  // namespace infinipot
