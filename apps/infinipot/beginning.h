#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "infinipot/model.h"

/// Texts cut to a number of tokens.
namespace infinipot::cli {

/// All of a text file.
/// @throws Error(file_error), or Error(bad_text) if there is no text in it.
std::string read_all(const std::string& file);

/// The beginning of `text`, of so many tokens if it is long enough; about so many where the cut
/// falls into a character or a word that is then read in other tokens.
std::string_view beginning(const Model& model, std::string_view text, std::size_t n_tokens);

}  // namespace infinipot::cli
