#pragma once

#include <string>
#include <string_view>

/// Colours of a highlighter for the share of the heads that hold a token, as escape sequences for
/// 256 colours.
namespace infinipot::cli {

/// Returns a piece on a background that is stronger the larger the share. A piece of share 0 is
/// grey. `piece` is safe to print.
std::string shaded(std::string_view piece, double share);

/// Returns "held by", and an example of each shade. `first` 0 begins with share 0, and 1 with the
/// next one.
std::string legend_of_shades(std::size_t first);

}  // namespace infinipot::cli
