#include "base/nearest.h"

#include <algorithm>
#include <cstddef>

namespace infinipot {
namespace {

int tolerance(std::string_view a, std::string_view b) {
    return std::max(1, static_cast<int>(std::max(a.size(), b.size())) / 3);
}

}  // namespace

int edit_distance(std::string_view a, std::string_view b) {
    // distance[i][j]: between the first i letters of a and the first j of b
    std::vector<std::vector<int>> distance(a.size() + 1, std::vector<int>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) {
        for (std::size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                distance[i][j] = static_cast<int>(i + j);
                continue;
            }
            const int replace = a[i - 1] == b[j - 1] ? 0 : 1;
            distance[i][j] = std::min(
                {distance[i - 1][j] + 1, distance[i][j - 1] + 1, distance[i - 1][j - 1] + replace});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                distance[i][j] = std::min(distance[i][j], distance[i - 2][j - 2] + 1);
            }
        }
    }
    return distance[a.size()][b.size()];
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
    constexpr std::size_t longest_word = 64;  // the distance costs the product of both lengths
    if (word.empty() || word.size() > longest_word || known.empty()) return std::nullopt;
    const auto best = std::min_element(known.begin(), known.end(),
                                       [word](const std::string& a, const std::string& b) {
                                           return edit_distance(word, a) < edit_distance(word, b);
                                       });
    if (edit_distance(word, *best) > tolerance(word, *best)) return std::nullopt;
    return *best;
}

}  // namespace infinipot
