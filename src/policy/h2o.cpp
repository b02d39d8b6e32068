// H2O (Zhang et al., NeurIPS 2023, arXiv 2306.14048): keeps heavy hitters and recent entries. The
// score of an entry is the attention from every query since it was read, its own included, without
// normalisation. Survivors keep their scores. The heavy hitters are the highest scores among the
// entries that are not recent. Each KV head chooses; after each token's step one entry is evicted.
// Positions are those inside the cache, as in the authors' code for streams (h2o_hf, real_drop).
//
// It differs from that code in two ways. The queries of a group share a head: the authors have no
// grouped queries, and the mean over a group ranks as their sum does. Sums are F32 instead of F16.
// `recent` defaults to half of the room, as in the paper. InfiniPot's Table 1 has 4 heavy hitters
// and otherwise recent entries.

#include <memory>
#include <span>
#include <string>

#include "infinipot/policies.h"
#include "policy/row.h"
#include "policy/score.h"

namespace infinipot::policies {
namespace {

const PolicyRow<H2oOptions>& row() {
    static const PolicyRow<H2oOptions> row = {
        .name = "h2o",
        .summary =
            "Keeps heavy hitters, which have received the most attention, and recent entries.",
        .source = "Zhang et al. 2023, arXiv 2306.14048",
        .cost = "The attention probabilities of every token.",
        .make = h2o,
        .options = {option("recent", &H2oOptions::recent, "half", at_least(0),
                           "Most recent entries to keep; half of the room by default.")
                        .formerly("recent", {{"-1", "half"}}),
                    value_norm_option<H2oOptions>()},
    };
    return row;
}

class H2o final : public EvictionPolicy {
   public:
    explicit H2o(H2oOptions options) : options_(options) {}

    std::string spec() const override { return row().spec(options_); }

    Needs needs() const override {
        return {.attention = AttentionProbe::accumulated, .value_norm = options_.value_norm};
    }

    Schedule schedule() const override { return Schedule::per_token; }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        for (HeadView head : view.heads(heads)) {
            head.keep.last(options_.recent.value_or(head.keep.room() / 2));
            head.keep.fill_best(weighted(head.attention, head));
        }
    }

   private:
    H2oOptions options_;
};

}  // namespace

PolicyPtr h2o(H2oOptions options) {
    row().check(options);
    return std::make_shared<H2o>(options);
}

AnyPolicyRow h2o_row() { return row(); }

}  // namespace infinipot::policies
