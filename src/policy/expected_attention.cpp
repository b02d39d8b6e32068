// Expected Attention (Devoto et al. 2025, arXiv 2510.00636): keeps the entries with the
// highest expected attention of future queries, estimated from the queries read so far. The score
// is (attention + epsilon) times the L2 norm of the value, per KV head: the mean over its query
// heads. Sinks are always kept, and the estimate leaves them out.
//
// It differs from the authors' code in two ways. It scores each chunk that fills the KV cache, with
// the queries of that chunk, and positions are reset afterwards.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "infinipot/policies.h"
#include "policy/row.h"
#include "policy/score.h"

namespace infinipot::policies {
namespace {

const PolicyRow<ExpectedAttentionOptions>& row() {
    static const PolicyRow<ExpectedAttentionOptions> row = {
        .name = "expected_attention",
        .summary = "Keeps the highest attention expected of queries like those seen so far.",
        .source = "Devoto et al. 2025, arXiv 2510.00636",
        .cost =
            "The covariance of queries for every batch, and their products with all keys at each "
            "eviction.",
        .make = expected_attention,
        .options = {sinks_option<ExpectedAttentionOptions>(),
                    option("epsilon", &ExpectedAttentionOptions::epsilon, at_least(0),
                           "Number added to the attention before it is weighted."),
                    value_norm_option<ExpectedAttentionOptions>()},
    };
    return row;
}

class ExpectedAttention final : public EvictionPolicy {
   public:
    explicit ExpectedAttention(ExpectedAttentionOptions options) : options_(options) {}

    std::string spec() const override { return row().spec(options_); }

    Needs needs() const override {
        return {.value_norm = options_.value_norm,
                .expected_attention = true,
                .n_sink = options_.sinks};
    }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        for (HeadView head : view.heads(heads)) {
            const auto expected = head.expected_attention;
            std::vector<float> attention(expected.begin(), expected.end());
            for (float& value : attention) value += options_.epsilon;
            head.keep.first(options_.sinks).fill_best(weighted(attention, head));
        }
    }

   private:
    ExpectedAttentionOptions options_;
};

}  // namespace

PolicyPtr expected_attention(ExpectedAttentionOptions options) {
    row().check(options);
    return std::make_shared<ExpectedAttention>(options);
}

AnyPolicyRow expected_attention_row() { return row(); }

}  // namespace infinipot::policies
