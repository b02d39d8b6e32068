#include "engine/drawn_token.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace infinipot {

namespace {

/// ln of the sum of exp(logit).
double log_sum_exp(std::span<const float> logits) {
    const double largest = *std::ranges::max_element(logits);
    double sum = 0;
    for (const float logit : logits) sum += std::exp(logit - largest);
    return largest + std::log(sum);
}

}  // namespace

DrawnToken drawn_token(std::span<const float> logits, Token token, int n,
                       const Vocabulary& vocabulary) {
    const auto logit = [logits](Token each) { return logits[static_cast<std::size_t>(each)]; };
    const double total = log_sum_exp(logits);
    const auto with_logprob = [&](Token each) -> TokenLogprob {
        return {.token = each,
                .bytes = vocabulary.piece(each),
                .logprob = static_cast<float>(logit(each) - total)};
    };
    DrawnToken drawn{with_logprob(token)};
    if (n == 0) return drawn;
    std::vector<Token> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    const auto end = order.begin() + std::min(n, static_cast<int>(order.size()));
    std::partial_sort(order.begin(), end, order.end(), [&](Token a, Token b) {
        return logit(a) != logit(b) ? logit(a) > logit(b) : a < b;
    });
    for (auto each = order.begin(); each != end; ++each)
        drawn.likeliest.push_back(with_logprob(*each));
    return drawn;
}

}  // namespace infinipot
