// The full cache that every paper on eviction compares with: nothing is ever evicted, so it is
// exact for as long as the text fits into the pot.
//
// It differs from the papers in what happens then: they let memory grow, here reading ends with an
// error.

#include <memory>
#include <span>
#include <string>

#include "infinipot/policies.h"
#include "policy/never_evicting.h"
#include "policy/spec.h"

namespace infinipot {
namespace {

class Full final : public EvictionPolicy {
   public:
    std::string spec() const override { return PolicySpec("full").print(); }

    Needs needs() const override { return {}; }

    [[noreturn]] void select(const LayerView& view, std::span<Keep>) const override {
        refuse_to_evict(*this, view);
    }
};

}  // namespace

PolicyPtr full() { return std::make_shared<Full>(); }

}  // namespace infinipot
