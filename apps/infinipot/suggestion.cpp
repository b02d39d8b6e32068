#include "suggestion.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

namespace infinipot::cli {
namespace {

/// Levenshtein's, a row at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> above(b.size() + 1);
    std::iota(above.begin(), above.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::vector<std::size_t> row = {i + 1};
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = above[j] + (a[i] == b[j] ? 0 : 1);
            row.push_back(std::min({replaced, above[j + 1] + 1, row[j] + 1}));
        }
        above = std::move(row);
    }
    return above.back();
}

}  // namespace

std::optional<std::string> suggestion(std::string_view word,
                                      const std::vector<std::string>& known) {
    std::optional<std::string> best;
    std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const std::string& candidate : known) {
        const std::size_t distance = edit_distance(word.substr(0, 64), candidate);
        if (distance >= least) continue;
        least = distance;
        best = candidate;
    }
    return best;
}

}  // namespace infinipot::cli
