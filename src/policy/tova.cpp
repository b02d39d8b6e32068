// TOVA (Oren et al. 2024, arXiv 2401.06104): keeps the entries that the last token attends to. The
// probabilities are averaged over all query heads of a layer, so all heads of the layer keep the
// same entries. Nothing is protected, not even the token itself. One entry is evicted after each
// token's step, and positions stay those of the stream.
//
// Under Schedule::when_full it is InfiniPot's "CCD w/o CaP, NuC": its results in Table 1 and the
// first row of Table 3 are the same numbers. Positions are reset there. To protect nothing, set the
// Budget's protect_first and protect_recent to 0.

#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "infinipot/policies.h"
#include "policy/row.h"
#include "policy/score.h"

namespace infinipot::policies {
namespace {

const PolicyRow<TovaOptions>& row() {
    static const PolicyRow<TovaOptions> row = {
        .name = "tova",
        .summary =
            "Keeps the highest attention of the last token, the same in all heads of a layer.",
        .source = "Oren et al. 2024, arXiv 2401.06104",
        .cost = "The attention probabilities of one token at each eviction.",
        .make = tova,
        .options = {value_norm_option<TovaOptions>()},
    };
    return row;
}

class Tova final : public EvictionPolicy {
   public:
    explicit Tova(TovaOptions options) : options_(options) {}

    std::string spec() const override { return row().spec(options_); }

    Needs needs() const override {
        return {
            .attention = AttentionProbe::recent, .n_query = 1, .value_norm = options_.value_norm};
    }

    Schedule schedule() const override { return Schedule::per_token; }
    Positions positions() const override { return Positions::keep; }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        const std::vector<float> sum = sum_over_heads(
            view, heads, [](const HeadView& head) { return weighted(head.attention, head); });
        for (Keep& keep : heads) keep.fill_best(sum);
    }

   private:
    TovaOptions options_;
};

}  // namespace

PolicyPtr tova(TovaOptions options) {
    row().check(options);
    return std::make_shared<Tova>(options);
}

AnyPolicyRow tova_row() { return row(); }

}  // namespace infinipot::policies
