// LongBench's truncation (Bai et al. 2024, arXiv 2308.14508): a text that does not fit is cut
// before it is read, to the first and the last half of what fits. Nothing is evicted; what stood in
// the middle was never seen, and the last half follows the first as if it were the next sentence.
//
// It differs from LongBench's script in what is cut: there the prompt with its question, here the
// text in front of the question, by tokens, with the chat template's opening a part of it.

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
