// SnapKV (Li et al. 2024, arXiv 2404.14469): the last tokens of the prompt are an observation
// window. What they attend to, summed over the window and pooled over neighbours in front of it
// (average pooling counts places beyond the ends as 0), ranks the entries before the window; the
// window itself is kept. Once, when the whole prompt has been read, so memory is not bounded;
// original positions.
//
// It differs from the authors' code in that a KV head has one selection, by the mean of its query
// heads (theirs repeats keys and values and selects per query head). Under Schedule::when_full the
// window is the end of each chunk.

#include <algorithm>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "policy/score.h"
#include "policy/spec.h"

namespace infinipot {
namespace {

const char* name(Pooling pooling) { return pooling == Pooling::average ? "average" : "maximum"; }

class SnapKv final : public EvictionPolicy {
   public:
    explicit SnapKv(SnapKvOptions options) : options_(options) {}

    std::string spec() const override {
        return PolicySpec("snapkv", {{"window", print_value(options_.window)},
                                     {"kernel", print_value(options_.kernel)},
                                     {"pooling", name(options_.pooling)},
                                     {"value_norm", print_value(options_.value_norm)}})
            .print();
    }

    Needs needs() const override {
        return {.attention = AttentionProbe::recent,
                .n_query = options_.window,
                .value_norm = options_.value_norm};
    }

    Schedule schedule() const override { return Schedule::at_end; }
    Positions positions() const override { return Positions::keep; }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        const int n_before = std::max(view.n_kv - options_.window, 0);
        int head = 0;
        for (Keep& keep : heads) {
            std::vector<float> score = weighted(view.attention[head], view, head);
            const auto before = std::span(score).first(static_cast<std::size_t>(n_before));
            std::ranges::copy(pooled(before, options_.kernel, options_.pooling), score.begin());
            keep.last(options_.window).fill_best(score);
            ++head;
        }
    }

   private:
    SnapKvOptions options_;
};

}  // namespace

PolicyPtr snapkv(SnapKvOptions options) {
    if (options.window < 1) {
        throw Error(
            ErrorCode::invalid_argument,
            "policy snapkv wants a window of at least 1, not " + print_value(options.window));
    }
    check_kernel("snapkv", "kernel", options.kernel);
    check_value_norm("snapkv", options.value_norm);
    return std::make_shared<SnapKv>(options);
}

}  // namespace infinipot
