// SirLLM (Yao et al., ACL 2024): keeps sinks and the tokens of highest entropy, that is surprisal
// -ln P(x_t | entries kept before it), and fills up with the most recent tokens. All heads keep the
// same. As in the authors' code, the highest are chosen from all entries; sinks and recent entries
// are added afterwards.
//
// It differs from that code in three ways. The released code takes the probability of another
// token: it scores row i with token i, which is the row's input. Here it is the token that the
// paper defines. The authors evict before each turn of a conversation; here the KV cache is
// distilled whenever it is full. Their decay per turn (1 by default, that is none) has no
// counterpart in a text without turns.
//
// InfiniPot's Table 1 runs SirLLM inside CCD by surprisal alone: sinks=0, without protection.

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
