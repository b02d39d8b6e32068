#include "eval/ruler/random.h"

#include <set>

namespace infinipot::eval {

/// Floyd's algorithm: each number is drawn from a range one larger than the one before. A number
/// that was drawn already is replaced by the largest of the range.
std::vector<std::size_t> Random::distinct(std::size_t n, std::size_t k) {
    std::vector<std::size_t> numbers;
    std::set<std::size_t> taken;
    for (std::size_t largest = n - k; largest < n; ++largest) {
        const std::size_t drawn = below(largest + 1);
        numbers.push_back(taken.contains(drawn) ? largest : drawn);
        taken.insert(numbers.back());
    }
    shuffle(numbers);
    return numbers;
}

}  // namespace infinipot::eval
