#include "text/frequent_tokens.h"

#include <algorithm>
#include <numeric>
#include <string_view>

namespace infinipot {

namespace {

bool is_one_character(std::string_view piece) {
    const auto begins = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; };
    return std::ranges::count_if(piece, begins) <= 1;
}

/// Returns whether most tokens from `first` up to `end` are single characters.
bool are_characters(const Vocabulary& vocabulary, int first, int end) {
    int n = 0;
    for (Token token = first; token < end; ++token)
        n += is_one_character(vocabulary.piece(token)) ? 1 : 0;
    return 2 * n > end - first;
}

}  // namespace

std::vector<std::int32_t> frequent_runs(const Vocabulary& vocabulary, int n, int length) {
    const int n_vocab = vocabulary.n_tokens();
    std::vector<std::int32_t> runs(static_cast<std::size_t>((n_vocab + length - 1) / length));
    std::iota(runs.begin(), runs.end(), 0);
    std::ranges::stable_partition(runs, [&](std::int32_t run) {
        return are_characters(vocabulary, run * length, std::min((run + 1) * length, n_vocab));
    });
    const auto n_runs = static_cast<std::size_t>((n + length - 1) / length);
    runs.resize(std::min(runs.size(), n_runs));
    std::ranges::sort(runs);
    return runs;
}

}  // namespace infinipot
