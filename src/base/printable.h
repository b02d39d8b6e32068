#pragma once

#include <string>
#include <string_view>

/// Text of others on a terminal.
namespace infinipot {

/// Returns well-formed UTF-8 without characters that move the cursor or change colours: each
/// becomes a question mark. Line feeds and tabs stay.
std::string printable(std::string_view text);

/// The same on one line: line feeds and tabs become spaces.
std::string printable_line(std::string_view text);

}  // namespace infinipot
