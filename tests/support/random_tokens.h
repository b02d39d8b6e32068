#pragma once

#include <random>
#include <vector>

#include "infinipot/model.h"

namespace infinipot {

/// The same tokens for the same seed, none of the first few control tokens among them.
inline std::vector<Token> random_tokens(int n, int n_vocab, unsigned seed = 7) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<Token> any(3, n_vocab - 1);
    std::vector<Token> tokens(static_cast<std::size_t>(n));
    for (Token& token : tokens) token = any(random);
    return tokens;
}

}  // namespace infinipot
