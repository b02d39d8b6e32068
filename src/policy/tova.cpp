// TOVA (Oren et al. 2024, arXiv 2401.06104): keeps what the last token attends to. Its
// probabilities are averaged over all query heads of a layer, so that all heads of the layer keep
// the same entries; nothing is protected, not even the token itself. One entry leaves after each
// token's step, and positions stay those of the stream.
//
// Under Schedule::when_full it is InfiniPot's "CCD w/o CaP, NuC": Table 1's TOVA and Table 3's
// first row are the same numbers. Positions are reset there. To protect nothing, set the Budget's
// protect_first and protect_recent to 0.

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

class Tova final : public EvictionPolicy {
   public:
    explicit Tova(TovaOptions options) : options_(options) {}

    std::string spec() const override {
        return PolicySpec("tova", {{"value_norm", print_value(options_.value_norm)}}).print();
    }

    Needs needs() const override {
        return {
            .attention = AttentionProbe::recent, .n_query = 1, .value_norm = options_.value_norm};
    }

    Schedule schedule() const override { return Schedule::per_token; }
    Positions positions() const override { return Positions::keep; }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        const std::vector<float> sum =
            summed(view, [&](int head) { return weighted(view.attention[head], view, head); });
        for (Keep& keep : heads) keep.fill_best(sum);
    }

   private:
    TovaOptions options_;
};

}  // namespace

PolicyPtr tova(TovaOptions options) {
    check_value_norm("tova", options.value_norm);
    return std::make_shared<Tova>(options);
}

}  // namespace infinipot
