#pragma once

#include <cstddef>
#include <string_view>

#include "infinipot/model.h"

/// Texts cut to a number of tokens.
namespace infinipot::eval {

/// Returns the first `n_tokens` tokens of `text`, or all of it. The number is approximate if the
/// cut falls into a character, or into a word that has other tokens when it is cut.
std::string_view beginning(const Model& model, std::string_view text, std::size_t n_tokens);

}  // namespace infinipot::eval
