// StreamingLLM (Xiao et al., ICLR 2024, arXiv 2309.17453), §3.2: keeps the first few entries, which
// are the attention sinks, and the most recent ones. As in the authors' code, one entry is evicted
// after each token's step, so a query attends to the cache and itself. Positions are those inside
// the cache.
//
// Under Schedule::when_full it is InfiniPot's ablation, inside chunked distillation.

#include <memory>
#include <span>
#include <string>

#include "infinipot/policies.h"
#include "policy/row.h"

namespace infinipot::policies {
namespace {

const PolicyRow<StreamingLlmOptions>& row() {
    static const PolicyRow<StreamingLlmOptions> row = {
        .name = "streaming_llm",
        .summary = "Keeps the attention sinks at the start and the most recent entries.",
        .source = "Xiao et al. 2024, arXiv 2309.17453",
        .cost = "Nothing.",
        .make = streaming_llm,
        .options = {sinks_option<StreamingLlmOptions>()},
    };
    return row;
}

class StreamingLlm final : public EvictionPolicy {
   public:
    explicit StreamingLlm(StreamingLlmOptions options) : options_(options) {}

    std::string spec() const override { return row().spec(options_); }

    Needs needs() const override { return {}; }

    Schedule schedule() const override { return Schedule::per_token; }

    void select(const LayerView&, std::span<Keep> heads) const override {
        for (Keep& keep : heads) keep.first(options_.sinks).fill_recent();
    }

   private:
    StreamingLlmOptions options_;
};

}  // namespace

PolicyPtr streaming_llm(StreamingLlmOptions options) {
    row().check(options);
    return std::make_shared<StreamingLlm>(options);
}

AnyPolicyRow streaming_llm_row() { return row(); }

}  // namespace infinipot::policies
