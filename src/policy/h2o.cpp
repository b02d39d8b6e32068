// H2O (Zhang et al., NeurIPS 2023, arXiv 2306.14048): heavy hitters and recent entries. An entry's
// score is the attention it has received from every query since it was read, its own included,
// never normalised; survivors keep theirs. The heavy hitters are the highest scores among all that
// are not recent. Per KV head; one entry leaves after each token's step; positions inside the
// cache, as in the authors' code for streams (h2o_hf, real_drop).
//
// It differs from that code in that the queries of a group share a head (theirs has no grouped
// queries: the mean over a group ranks as their sum does), and in F32 sums instead of F16.
// `recent` defaults to half, as in the paper; InfiniPot's Table 1 has 4 heavy hitters, the rest
// recent.

#include <memory>
#include <span>
#include <string>

#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "policy/score.h"
#include "policy/spec.h"

namespace infinipot {
namespace {

class H2o final : public EvictionPolicy {
   public:
    explicit H2o(H2oOptions options) : options_(options) {}

    std::string spec() const override {
        return PolicySpec("h2o", {{"recent", print_value(options_.recent)},
                                  {"value_norm", print_value(options_.value_norm)}})
            .print();
    }

    Needs needs() const override {
        return {.attention = AttentionProbe::accumulated, .value_norm = options_.value_norm};
    }

    Schedule schedule() const override { return Schedule::per_token; }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        int head = 0;
        for (Keep& keep : heads) {
            keep.last(options_.recent < 0 ? keep.room() / 2 : options_.recent);
            keep.fill_best(weighted(view.attention[head], view, head));
            ++head;
        }
    }

   private:
    H2oOptions options_;
};

}  // namespace

PolicyPtr h2o(H2oOptions options) {
    if (options.recent < -1) {
        throw Error(ErrorCode::invalid_argument,
                    "policy h2o wants 0 or more for recent, or -1 for half, not " +
                        print_value(options.recent));
    }
    check_value_norm("h2o", options.value_norm);
    return std::make_shared<H2o>(options);
}

}  // namespace infinipot
