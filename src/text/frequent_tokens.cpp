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

}  // namespace

std::vector<Token> frequent_tokens(const Vocabulary& vocabulary, int n) {
    std::vector<Token> tokens(static_cast<std::size_t>(vocabulary.n_tokens()));
    std::iota(tokens.begin(), tokens.end(), 0);
    std::ranges::stable_partition(
        tokens, [&](Token token) { return is_one_character(vocabulary.piece(token)); });
    tokens.resize(std::min(tokens.size(), static_cast<std::size_t>(n)));
    std::ranges::sort(tokens);
    return tokens;
}

}  // namespace infinipot
