#pragma once

#include <cstddef>
#include <string_view>

#include "infinipot/model.h"

/// Texts cut to a number of tokens.
namespace infinipot::eval {

/// The beginning of `text`, of so many tokens if it is long enough; about so many where the cut
/// falls into a character or a word that is then read in other tokens.
std::string_view beginning(const Model& model, std::string_view text, std::size_t n_tokens);

}  // namespace infinipot::eval
