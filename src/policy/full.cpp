// The full KV cache that every paper on eviction compares with. Nothing is ever evicted, so the
// result is exact as long as the text fits.
//
// It differs from the papers in a text that does not fit: their memory grows, and here reading ends
// with an error.

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
        .name = "full",
        .summary = "Keeps everything; a text that does not fit into the KV cache is an error.",
        .source = "The full cache that every paper compares with",
        .cost = "Nothing.",
        .make = [](NoOptions) { return full(); },
        .bounded = false,
    };
    return row;
}

class Full final : public EvictionPolicy {
   public:
    std::string spec() const override { return row().spec({}); }

    Needs needs() const override { return {}; }

    [[noreturn]] void select(const LayerView& view, std::span<Keep>) const override {
        refuse_to_evict(*this, view);
    }
};

}  // namespace

PolicyPtr full() { return std::make_shared<Full>(); }

AnyPolicyRow full_row() { return row(); }

}  // namespace infinipot::policies
