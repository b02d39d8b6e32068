#include "eval/survival/summary.h"

#include <algorithm>
#include <cstddef>

namespace infinipot::eval {

namespace {

double ratio(double a, double b) { return b > 0 ? a / b : 0; }

/// Returns the number of pairs of n things.
double n_pairs(double n) { return n * (n - 1) / 2; }

/// Returns the number of pairs of heads that keep the same token, summed over tokens.
double shared_pairs(std::span<const int> n_holding) {
    double sum = 0;
    for (const int n : n_holding) sum += n_pairs(n);
    return sum;
}

class Summary {
   public:
    Summary(const Survival& survival, std::span<const float> nats, std::uint32_t distillation)
        : survival_(survival), nats_(nats), holding_(survival.n_holding(distillation)) {
        holding_.resize(std::min(holding_.size(), nats.size()));
        summary_.distillation = distillation;
        summary_.tokens_read = static_cast<std::int64_t>(holding_.size());
    }

    SurvivalSummary make() {
        count_tokens();
        weigh_surprisal();
        compare_heads();
        return summary_;
    }

   private:
    double share_held_by(double n_least) const {
        const auto n = std::ranges::count_if(holding_, [&](int held) { return held >= n_least; });
        return ratio(static_cast<double>(n), static_cast<double>(holding_.size()));
    }

    void count_tokens() {
        for (const int n : holding_) n_kept_ += n;
        summary_.kept_by_any = share_held_by(1);
        summary_.kept_by_half = share_held_by(survival_.n_heads() / 2.0);
        summary_.kept_by_all = share_held_by(survival_.n_heads());
        summary_.kept_by_one =
            ratio(n_kept_, survival_.n_heads() * static_cast<double>(holding_.size()));
    }

    void weigh_surprisal() {
        double kept = 0, dropped = 0, n_dropped = 0;
        for (std::size_t at = 0; at < holding_.size(); ++at) {
            const int n_left = n_leaving(static_cast<std::int64_t>(at));
            kept += static_cast<double>(nats_[at]) * holding_[at];
            dropped += static_cast<double>(nats_[at]) * n_left;
            n_dropped += n_left;
        }
        summary_.nats_of_kept = ratio(kept, n_kept_);
        summary_.nats_of_dropped = ratio(dropped, n_dropped);
    }

    int n_leaving(std::int64_t position) const {
        int n = 0;
        for (int il = 0; il < survival_.n_layer(); ++il) {
            for (int head = 0; head < survival_.n_head_kv(); ++head) {
                n += survival_.left_at(il, head, position) == summary_.distillation ? 1 : 0;
            }
        }
        return n;
    }

    void compare_heads() {
        double within = 0;
        for (int il = 0; il < survival_.n_layer(); ++il) {
            const auto holding = survival_.n_holding(summary_.distillation, il);
            within += shared_pairs(std::span(holding).first(holding_.size()));
        }
        const double n_of_a_head = n_kept_ / survival_.n_heads();
        const double pairs_within = survival_.n_layer() * n_pairs(survival_.n_head_kv());
        const double pairs_across = n_pairs(survival_.n_heads()) - pairs_within;
        summary_.overlap_of_heads =
            pairs_within > 0 ? ratio(within, pairs_within * n_of_a_head) : 1;
        summary_.overlap_of_layers =
            pairs_across > 0 ? ratio(shared_pairs(holding_) - within, pairs_across * n_of_a_head)
                             : 1;
    }

    const Survival& survival_;
    std::span<const float> nats_;
    std::vector<int> holding_;  // number of heads that keep each token
    double n_kept_ = 0;         // number of entries kept, over all heads
    SurvivalSummary summary_;
};

}  // namespace

SurvivalSummary summarise(const Survival& survival, std::span<const float> nats,
                          std::uint32_t distillation) {
    return Summary(survival, nats, distillation).make();
}

std::vector<std::uint32_t> sample_of_distillations(const Survival& survival, std::uint32_t n_most) {
    const std::uint64_t n = survival.n_distillations();
    const std::uint64_t n_sample = std::min<std::uint64_t>(n, n_most);
    std::vector<std::uint32_t> sample;
    for (std::uint64_t i = 1; i <= n_sample; ++i) {
        sample.push_back(static_cast<std::uint32_t>(i * n / n_sample));
    }
    return sample;
}

}  // namespace infinipot::eval
