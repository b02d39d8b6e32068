#pragma once

#include <span>

#include "infinipot/session.h"
#include "text/vocabulary.h"

namespace infinipot {

/// Returns ln P of `token` and of the `n` likeliest tokens, from one column of logits: [n_vocab].
/// The softmax is over all logits. Of equal tokens the one with the lower number comes first.
DrawnToken drawn_token(std::span<const float> logits, Token token, int n,
                       const Vocabulary& vocabulary);

}  // namespace infinipot
