// Expected Attention (Devoto et al. 2025, arXiv 2510.00636): keeps the entries that queries like
// those seen so far are expected to attend to, (attention + epsilon) times the L2 norm of the
// value. Sinks are always kept and take no part in the estimate. Per KV head, the mean of its query
// heads.
//
// It differs from the authors' code in that it is applied to each chunk that fills the pot, with
// the queries of that chunk, and that positions are reset afterwards.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "policy/score.h"
#include "policy/spec.h"

namespace infinipot {
namespace {

class ExpectedAttention final : public EvictionPolicy {
   public:
    explicit ExpectedAttention(ExpectedAttentionOptions options) : options_(options) {}

    std::string spec() const override {
        return PolicySpec("expected_attention", {{"sinks", print_value(options_.sinks)},
                                                 {"epsilon", print_value(options_.epsilon)},
                                                 {"value_norm", print_value(options_.value_norm)}})
            .print();
    }

    Needs needs() const override {
        return {.value_norm = options_.value_norm,
                .expected_attention = true,
                .n_sink = options_.sinks};
    }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        int head = 0;
        for (Keep& keep : heads) {
            const auto expected = view.expected_attention[head];
            std::vector<float> attention(expected.begin(), expected.end());
            for (float& value : attention) value += options_.epsilon;
            keep.first(options_.sinks).fill_best(weighted(attention, view, head));
            ++head;
        }
    }

   private:
    ExpectedAttentionOptions options_;
};

}  // namespace

PolicyPtr expected_attention(ExpectedAttentionOptions options) {
    check_count("expected_attention", "sinks", options.sinks);
    check_value_norm("expected_attention", options.value_norm);
    if (!(options.epsilon >= 0)) {  // NaN too
        throw Error(ErrorCode::invalid_argument,
                    "policy expected_attention wants 0 or more for epsilon, not " +
                        print_value(options.epsilon));
    }
    return std::make_shared<ExpectedAttention>(options);
}

}  // namespace infinipot
