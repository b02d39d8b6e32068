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
#include "policy/score.h"
#include "policy/spec.h"

namespace infinipot {
namespace {

class SirLlm final : public EvictionPolicy {
   public:
    explicit SirLlm(SirLlmOptions options) : options_(options) {}

    std::string spec() const override {
        return PolicySpec("sirllm", {{"sinks", print_value(options_.sinks)},
                                     {"recent", print_value(options_.recent)}})
            .print();
    }

    Needs needs() const override { return {.surprisal = true}; }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        int head = 0;
        for (Keep& keep : heads) {
            const int n_novel = std::max(keep.room() - options_.sinks - options_.recent, 0);
            keep.best(view.surprisal[head], n_novel).first(options_.sinks).fill_recent();
            ++head;
        }
    }

   private:
    SirLlmOptions options_;
};

}  // namespace

PolicyPtr sirllm(SirLlmOptions options) {
    check_count("sirllm", "sinks", options.sinks);
    check_count("sirllm", "recent", options.recent);
    return std::make_shared<SirLlm>(options);
}

}  // namespace infinipot
