// L2 norm of keys (Devoto et al. 2024, arXiv 2406.11430): keeps the keys of lowest norm, because
// they attract attention. Each KV head chooses. Rotation does not change a norm.
//
// It differs from the authors' scripts in that it treats all layers alike.

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

const PolicyRow<NoOptions>& row() {
    static const PolicyRow<NoOptions> row = {
        .name = "l2norm",
        .summary = "Keeps the keys of lowest norm.",
        .source = "Devoto et al. 2024, arXiv 2406.11430",
        .cost = "One pass over all keys at each eviction.",
        .make = [](NoOptions) { return l2norm(); },
    };
    return row;
}

class L2Norm final : public EvictionPolicy {
   public:
    std::string spec() const override { return row().spec({}); }

    Needs needs() const override { return {.key_norm = true}; }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        for (HeadView head : view.heads(heads)) {
            std::vector<float> score(static_cast<std::size_t>(view.n_kv));
            std::ranges::transform(head.key_norm, score.begin(), std::negate<>());
            head.keep.fill_best(score);
        }
    }
};

}  // namespace

PolicyPtr l2norm() { return std::make_shared<L2Norm>(); }

AnyPolicyRow l2norm_row() { return row(); }

}  // namespace infinipot::policies
