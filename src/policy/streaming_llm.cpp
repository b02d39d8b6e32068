// StreamingLLM (Xiao et al., ICLR 2024, arXiv 2309.17453), §3.2: keeps the first few entries, the
// attention sinks, and the most recent ones.
//
// It differs from the paper in when it evicts: the paper drops one entry per token, here the pot is
// cut down to `retain` whenever it is full. Positions inside the pot are reassigned, as in the
// paper.

#include <memory>
#include <span>
#include <string>

#include "infinipot/error.h"
#include "infinipot/policies.h"
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

    void select(const LayerView&, std::span<Keep> heads) const override {
        for (Keep& keep : heads) keep.first(sinks_).fill_recent();
    }

   private:
    int sinks_;
};

}  // namespace

PolicyPtr streaming_llm(StreamingLlmOptions options) {
    if (options.sinks < 0) {
        throw Error(
            ErrorCode::invalid_argument,
            "policy streaming_llm wants 0 or more sinks, not " + print_value(options.sinks));
    }
    return std::make_shared<StreamingLlm>(options.sinks);
}

}  // namespace infinipot
