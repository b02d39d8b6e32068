// SirLLM (Yao et al., ACL 2024): keeps the tokens of highest entropy, that is surprisal -ln P(x_t |
// what was kept before it), beside the sinks, and fills up with the most recent; the same in all
// heads. As in the authors' code the highest are taken from all entries, sinks and recent ones
// included, before those are added.
//
// It differs from that code in three ways. Released, it gathers the probability of another token
// (row i is scored with token i, which the row's input was); here it is the one that the paper
// defines. It evicts before each turn of a conversation, here the pot is cut down whenever it is
// full. Its decay per turn (1 by default, which is none) has no counterpart in a text without
// turns.
//
// InfiniPot's Table 1 runs it inside CCD by surprisal alone: sinks=0, nothing protected.

#include <algorithm>
#include <memory>
#include <span>
#include <string>

#include "infinipot/policies.h"
#include "policy/row.h"

namespace infinipot::policies {
namespace {

const PolicyRow<SirLlmOptions>& row() {
    static const PolicyRow<SirLlmOptions> row = {
        .name = "sirllm",
        .summary = "Keeps sinks, the most surprising tokens, and recent entries.",
        .source = "SirLLM, Yao et al. (ACL 2024)",
        .cost = "The output matrix for every token.",
        .make = sirllm,
        .options = {sinks_option<SirLlmOptions>(),
                    option("recent", &SirLlmOptions::recent, at_least(0),
                           "Most recent entries to keep.")},
    };
    return row;
}

class SirLlm final : public EvictionPolicy {
   public:
    explicit SirLlm(SirLlmOptions options) : options_(options) {}

    std::string spec() const override { return row().spec(options_); }

    Needs needs() const override { return {.surprisal = true}; }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        for (HeadView head : view.heads(heads)) {
            const int n_novel = std::max(head.keep.room() - options_.sinks - options_.recent, 0);
            head.keep.best(head.surprisal, n_novel).first(options_.sinks).fill_recent();
        }
    }

   private:
    SirLlmOptions options_;
};

}  // namespace

PolicyPtr sirllm(SirLlmOptions options) {
    row().check(options);
    return std::make_shared<SirLlm>(options);
}

AnyPolicyRow sirllm_row() { return row(); }

}  // namespace infinipot::policies
