// StreamingLLM (Xiao et al., ICLR 2024, arXiv 2309.17453), §3.2: keeps the first few entries, the
// attention sinks, and the most recent ones. As in the authors' code, one entry leaves after each
// token's step, so that a query sees the cache and itself, and positions are those inside the
// cache.
//
// Under Schedule::when_full it is the ablation inside chunked distillation instead.

#include <memory>
#include <span>
#include <string>

#include "infinipot/policies.h"
#include "policy/score.h"
#include "policy/spec.h"

namespace infinipot {
namespace {

class StreamingLlm final : public EvictionPolicy {
   public:
    explicit StreamingLlm(int sinks) : sinks_(sinks) {}

    std::string spec() const override {
        return PolicySpec("streaming_llm", {{"sinks", print_value(sinks_)}}).print();
    }

    Needs needs() const override { return {}; }

    Schedule schedule() const override { return Schedule::per_token; }

    void select(const LayerView&, std::span<Keep> heads) const override {
        for (Keep& keep : heads) keep.first(sinks_).fill_recent();
    }

   private:
    int sinks_;
};

}  // namespace

PolicyPtr streaming_llm(StreamingLlmOptions options) {
    check_count("streaming_llm", "sinks", options.sinks);
    return std::make_shared<StreamingLlm>(options.sinks);
}

}  // namespace infinipot
