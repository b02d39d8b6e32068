// LongBench's truncation (Bai et al. 2024, arXiv 2308.14508): cuts a text that does not fit before
// it is read, and keeps the first and the last half of what fits. Nothing is evicted. The model
// never sees the middle, and reads the last half as if it followed the first.
//
// It differs from LongBench's script in the text that is cut. The script cuts the prompt with its
// question; here it is the text in front of the question. It is cut by tokens, and the opening of
// the chat template is part of it.

#include <memory>
#include <span>
#include <string>

#include "infinipot/policies.h"
#include "policy/never_evicting.h"
#include "policy/row.h"

namespace infinipot::policies {
namespace {

const PolicyRow<NoOptions>& row() {
    static const PolicyRow<NoOptions> row = {
        .name = "truncate",
        .summary = "Keeps the first and the last half of the text that fits, and skips the middle.",
        .source = "LongBench, arXiv 2308.14508",
        .cost = "Nothing.",
        .make = [](NoOptions) { return truncate(); },
    };
    return row;
}

class Truncate final : public EvictionPolicy {
   public:
    std::string spec() const override { return row().spec({}); }

    Needs needs() const override { return {}; }

    Schedule schedule() const override { return Schedule::before_reading; }

    [[noreturn]] void select(const LayerView& view, std::span<Keep>) const override {
        refuse_to_evict(*this, view);
    }
};

}  // namespace

PolicyPtr truncate() { return std::make_shared<Truncate>(); }

AnyPolicyRow truncate_row() { return row(); }

}  // namespace infinipot::policies
