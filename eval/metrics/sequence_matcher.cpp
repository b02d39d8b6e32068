#include "eval/metrics/sequence_matcher.h"

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <utility>
#include <vector>

namespace infinipot::eval {
namespace {

double ratio(std::size_t n_matching, std::size_t n_both) {
    if (n_both == 0) return 1;
    return 2.0 * static_cast<double>(n_matching) / static_cast<double>(n_both);
}

/// a[a_begin, a_end) and b[b_begin, b_end)
struct Ranges {
    std::size_t a_begin, a_end, b_begin, b_end;
};

/// a[a, a + size) == b[b, b + size)
struct Block {
    std::size_t a, b, size;
};

/// difflib.SequenceMatcher with isjunk=None and autojunk=True.
class BlockMatcher {
   public:
    BlockMatcher(std::u32string_view a, std::u32string_view b) : a_(a), b_(b) {
        for (std::size_t j = 0; j < b.size(); ++j) places_[b[j]].push_back(j);
        if (b.size() < 200) return;
        const std::size_t popular = b.size() / 100 + 1;
        std::erase_if(places_, [&](const auto& entry) { return entry.second.size() > popular; });
    }

    std::size_t n_matching() const {
        std::size_t n = 0;
        std::vector<Ranges> queue = {{0, a_.size(), 0, b_.size()}};
        while (!queue.empty()) {
            const Ranges in = queue.back();
            queue.pop_back();
            const Block block = longest_block(in);
            if (block.size == 0) continue;
            n += block.size;
            queue.push_back({in.a_begin, block.a, in.b_begin, block.b});
            queue.push_back({block.a + block.size, in.a_end, block.b + block.size, in.b_end});
        }
        return n;
    }

   private:
    Block longest_block(const Ranges& in) const { return grown(longest_unpopular_block(in), in); }

    /// Returns the longest block without popular code points; the earliest in a, and then in b, if
    /// there are several.
    Block longest_unpopular_block(const Ranges& in) const {
        Block best{in.a_begin, in.b_begin, 0};
        std::vector<std::size_t> ending(b_.size() + 1);  // [j + 1]: of the block that ends at b[j]
        std::vector<std::size_t> ended(ending);          // the same for the previous i
        for (std::size_t i = in.a_begin; i < in.a_end; ++i) {
            std::swap(ending, ended);
            std::ranges::fill(ending, 0);
            const auto places = places_.find(a_[i]);
            if (places == places_.end()) continue;
            for (const std::size_t j : places->second) {
                if (j < in.b_begin || j >= in.b_end) continue;
                const std::size_t size = ending[j + 1] = ended[j] + 1;
                if (size > best.size) best = {i + 1 - size, j + 1 - size, size};
            }
        }
        return best;
    }

    /// Returns the block with the matching code points on both sides, popular or not.
    Block grown(Block block, const Ranges& in) const {
        while (block.a > in.a_begin && block.b > in.b_begin && a_[block.a - 1] == b_[block.b - 1]) {
            block = {block.a - 1, block.b - 1, block.size + 1};
        }
        while (block.a + block.size < in.a_end && block.b + block.size < in.b_end &&
               a_[block.a + block.size] == b_[block.b + block.size]) {
            ++block.size;
        }
        return block;
    }

    std::u32string_view a_;
    std::u32string_view b_;
    std::unordered_map<char32_t, std::vector<std::size_t>> places_;  ///< in b, of unpopular ones
};

std::size_t longest_common_subsequence(std::u32string_view a, std::u32string_view b) {
    std::vector<std::size_t> lengths(b.size() + 1);  // [j]: for a so far and b[0, j)
    for (const char32_t c : a) {
        std::size_t diagonal = 0;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = lengths[j];
            lengths[j] = c == b[j - 1] ? diagonal + 1 : std::max(above, lengths[j - 1]);
            diagonal = above;
        }
    }
    return lengths.back();
}

}  // namespace

double matching_blocks_ratio(std::u32string_view a, std::u32string_view b) {
    return ratio(BlockMatcher(a, b).n_matching(), a.size() + b.size());
}

double subsequence_ratio(std::u32string_view a, std::u32string_view b) {
    return ratio(longest_common_subsequence(a, b), a.size() + b.size());
}

}  // namespace infinipot::eval
