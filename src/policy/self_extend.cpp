// Self-Extend (Jin et al., ICML 2024, arXiv 2401.01325): keeps every entry, and lets a model see
// beyond its window by its positions: exact among `neighbours`, shared by groups of `group` beyond
// (src/model/grouped_attention.h has the rule). So the capacity must hold the whole text, above the
// window, which must be allowed; (window - neighbours) * group + neighbours tokens can be told
// apart. A group that does not divide the neighbours is shifted by whole divisions, as in the
// authors' first code.

#include <memory>
#include <span>
#include <string>

#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "policy/never_evicting.h"
#include "policy/spec.h"

namespace infinipot {
namespace {

class SelfExtend final : public EvictionPolicy {
   public:
    explicit SelfExtend(SelfExtendOptions options) : options_(options) {}

    std::string spec() const override {
        return PolicySpec("self_extend", {{"group", print_value(options_.group)},
                                          {"neighbours", print_value(options_.neighbours)}})
            .print();
    }

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
    for (const int value : {options.group, options.neighbours}) {
        if (value >= 1) continue;
        throw Error(ErrorCode::invalid_argument,
                    "policy self_extend wants a group and neighbours of at least 1, not " +
                        print_value(value));
    }
    return std::make_shared<SelfExtend>(options);
}

}  // namespace infinipot
