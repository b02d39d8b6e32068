// Self-Extend (Jin et al., ICML 2024, arXiv 2401.01325): keeps every entry and lets a model attend
// beyond its window. Positions are exact among `neighbours` and shared by groups of `group` tokens
// beyond (see src/model/grouped_attention.h). The capacity must hold the whole text and therefore
// exceed the window, which the Budget must allow. (window - neighbours) * group + neighbours tokens
// have distinguishable positions. If `group` does not divide `neighbours`, integer divisions give
// the shift, as in the authors' first code.

#include <memory>
#include <span>
#include <string>

#include "infinipot/policies.h"
#include "policy/never_evicting.h"
#include "policy/row.h"

namespace infinipot::policies {
namespace {

const PolicyRow<SelfExtendOptions>& row() {
    static const PolicyRow<SelfExtendOptions> row = {
        .name = "self_extend",
        .summary = "Keeps everything; distant entries share positions in groups.",
        .source = "Jin et al. 2024, arXiv 2401.01325",
        .cost = "Two products of queries and keys, in small batches.",
        .make = self_extend,
        .options = {option("group", &SelfExtendOptions::group, at_least(1),
                           "Distant tokens that share a position."),
                    option("neighbours", &SelfExtendOptions::neighbours, at_least(1),
                           "Distance up to which positions are exact.")},
        .bounded = false,
    };
    return row;
}

class SelfExtend final : public EvictionPolicy {
   public:
    explicit SelfExtend(SelfExtendOptions options) : options_(options) {}

    std::string spec() const override { return row().spec(options_); }

    Needs needs() const override { return {}; }

    Positions positions() const override {
        return Positions::in_groups(options_.group, options_.neighbours);
    }

    [[noreturn]] void select(const LayerView& view, std::span<Keep>) const override {
        refuse_to_evict(*this, view);
    }

   private:
    SelfExtendOptions options_;
};

}  // namespace

PolicyPtr self_extend(SelfExtendOptions options) {
    row().check(options);
    return std::make_shared<SelfExtend>(options);
}

AnyPolicyRow self_extend_row() { return row(); }

}  // namespace infinipot::policies
