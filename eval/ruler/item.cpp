#include "eval/ruler/item.h"

#include <algorithm>
#include <cstdint>

#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

/// A value of n and its number of tokens.
struct Size {
    int n;
    int n_tokens;
};

/// Returns the n at which a line through both sizes meets the limit. The result lies strictly
/// between them.
int between(const Size& low, const Size& high, int limit) {
    const double share = static_cast<double>(limit - low.n_tokens) /
                         static_cast<double>(high.n_tokens - low.n_tokens);
    const int n = low.n + static_cast<int>(share * (high.n - low.n));
    return std::clamp(n, low.n + 1, high.n - 1);
}

int twice(int n, int most) {
    return static_cast<int>(std::min<std::int64_t>(most, 2 * std::int64_t{n} + 1));
}

}  // namespace

/// The number of tokens is almost linear in n. Interpolation therefore needs few steps, each of
/// which tokenises a whole prompt.
std::optional<int> largest_that_fits(int least, int most, int limit,
                                     const std::function<int(int n)>& n_tokens) {
    Size low = {least, n_tokens(least)};
    if (low.n_tokens > limit) return std::nullopt;
    Size high = low;
    while (high.n_tokens <= limit) {
        low = high;
        if (low.n == most) return most;
        high.n = twice(low.n, most);
        high.n_tokens = n_tokens(high.n);
    }
    while (high.n - low.n > 1) {
        Size middle = {between(low, high, limit), 0};
        middle.n_tokens = n_tokens(middle.n);
        (middle.n_tokens <= limit ? low : high) = middle;
    }
    return low.n;
}

RulerItem fill(const ItemSpec& spec, int least, int most,
               const std::function<RulerItem(int n)>& make) {
    const auto n_tokens = [&](int n) { return spec.n_tokens(make(n).prompt()); };
    const int room = spec.length - spec.max_tokens;
    const std::optional<int> n = largest_that_fits(least, most, room, n_tokens);
    if (!n) {
        throw Error(ErrorCode::does_not_fit,
                    "the shortest prompt has " + std::to_string(n_tokens(least)) +
                        " tokens, and an answer of " + std::to_string(spec.max_tokens) + " more; " +
                        std::to_string(spec.length) + " are too few for both");
    }
    RulerItem item = make(*n);
    item.max_tokens = spec.max_tokens;
    item.n_prompt_tokens = spec.n_tokens(item.prompt());
    return item;
}

}  // namespace infinipot::eval
