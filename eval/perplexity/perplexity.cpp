#include "eval/perplexity/perplexity.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace infinipot::eval {

StreamPerplexity::StreamPerplexity(int bucket_tokens, int n_last)
    : bucket_tokens_(bucket_tokens), n_last_(static_cast<std::size_t>(n_last)) {}

void StreamPerplexity::add(std::span<const float> nats) {
    for (const float value : nats) {
        if (n_tokens_ % static_cast<std::uint64_t>(bucket_tokens_) == 0) bucket_sums_.push_back(0);
        const auto nat = static_cast<double>(value);
        bucket_sums_.back() += nat;
        sum_nats_ += nat;
        if (last_.size() < n_last_) {
            last_.push_back(value);
        } else {
            last_[n_tokens_ % n_last_] = value;
        }
        ++n_tokens_;
    }
}

double StreamPerplexity::perplexity() const {
    return n_tokens_ == 0 ? 0 : std::exp(sum_nats_ / static_cast<double>(n_tokens_));
}

double StreamPerplexity::perplexity_of_last() const {
    if (last_.empty()) return 0;
    const double sum = std::accumulate(last_.begin(), last_.end(), 0.0);
    return std::exp(sum / static_cast<double>(last_.size()));
}

std::vector<double> StreamPerplexity::buckets() const {
    std::vector<double> result;
    std::uint64_t left = n_tokens_;
    for (const double sum : bucket_sums_) {
        const auto n = std::min<std::uint64_t>(left, static_cast<std::uint64_t>(bucket_tokens_));
        result.push_back(std::exp(sum / static_cast<double>(n)));
        left -= n;
    }
    return result;
}

}  // namespace infinipot::eval
