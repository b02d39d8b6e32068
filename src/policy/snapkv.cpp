// SnapKV (Li et al. 2024, arXiv 2404.14469): the last tokens of the prompt are an observation
// window, which is kept. The attention from the window ranks the entries before it: summed over the
// window and pooled over neighbours. Average pooling counts places beyond the ends as 0. The policy
// selects once, when the whole prompt has been read, so memory is not bounded. Positions are the
// original ones.
//
// It differs from the authors' code in that a KV head has one selection, by the mean over its query
// heads. Their code repeats keys and values and selects per query head. Under Schedule::when_full
// the window is the end of each chunk.

#include <algorithm>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "infinipot/policies.h"
#include "policy/row.h"
#include "policy/score.h"

namespace infinipot::policies {
namespace {

const PolicyRow<SnapKvOptions>& row() {
    static const PolicyRow<SnapKvOptions> row = {
        .name = "snapkv",
        .summary = "Keeps a window at the end and the highest pooled attention of that window.",
        .source = "Li et al. 2024, arXiv 2404.14469",
        .cost = "The attention probabilities of the window at each eviction.",
        .make = snapkv,
        .options = {option("window", &SnapKvOptions::window, at_least(1),
                           "Last tokens, whose attention counts and which are kept."),
                    option("pool", &SnapKvOptions::pool, odd_number(),
                           "Entries over which attention is pooled; 1 for none.")
                        .formerly("kernel", {}),
                    option("pooling", &SnapKvOptions::pooling, {"average", "maximum"},
                           "How the attention of neighbours is joined."),
                    value_norm_option<SnapKvOptions>()},
    };
    return row;
}

class SnapKv final : public EvictionPolicy {
   public:
    explicit SnapKv(SnapKvOptions options) : options_(options) {}

    std::string spec() const override { return row().spec(options_); }

    Needs needs() const override {
        return {.attention = AttentionProbe::recent,
                .n_query = options_.window,
                .value_norm = options_.value_norm};
    }

    Schedule schedule() const override { return Schedule::at_end; }
    Positions positions() const override { return Positions::keep; }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        const int n_before = std::max(view.n_kv - options_.window, 0);
        for (HeadView head : view.heads(heads)) {
            std::vector<float> score = weighted(head.attention, head);
            const auto before = std::span(score).first(static_cast<std::size_t>(n_before));
            std::ranges::copy(pooled(before, options_.pool, options_.pooling), score.begin());
            head.keep.last(options_.window).fill_best(score);
        }
    }

   private:
    SnapKvOptions options_;
};

}  // namespace

PolicyPtr snapkv(SnapKvOptions options) {
    row().check(options);
    return std::make_shared<SnapKv>(options);
}

AnyPolicyRow snapkv_row() { return row(); }

}  // namespace infinipot::policies
