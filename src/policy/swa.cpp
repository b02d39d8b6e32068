// Sliding window attention (Mistral 7B v0.1, arXiv 2310.06825): keeps the most recent entries and
// nothing else, at their own positions. Published code disagrees on whether the window counts the
// query itself. Here a query attends to `retain` entries and itself, as with FlashAttention's
// window. Entries that the Budget protects are outside the window: set protect_first to 0 for the
// window alone.

#include <memory>
#include <span>
#include <string>

#include "infinipot/policies.h"
#include "policy/row.h"

namespace infinipot::policies {
namespace {

const PolicyRow<NoOptions>& row() {
    static const PolicyRow<NoOptions> row = {
        .name = "swa",
        .summary = "Keeps the most recent entries: a sliding window.",
        .source = "Mistral 7B v0.1, arXiv 2310.06825",
        .cost = "Nothing.",
        .make = [](NoOptions) { return swa(); },
    };
    return row;
}

class SlidingWindow final : public EvictionPolicy {
   public:
    std::string spec() const override { return row().spec({}); }

    Needs needs() const override { return {}; }

    Schedule schedule() const override { return Schedule::per_token; }
    Positions positions() const override { return Positions::keep; }

    void select(const LayerView&, std::span<Keep> heads) const override {
        for (Keep& keep : heads) keep.fill_recent();
    }
};

}  // namespace

PolicyPtr swa() { return std::make_shared<SlidingWindow>(); }

AnyPolicyRow swa_row() { return row(); }

}  // namespace infinipot::policies
