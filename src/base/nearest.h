#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infinipot {

/// Fewest insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
int edit_distance(std::string_view a, std::string_view b);

/// The known word that `word` was most likely meant to be: at most a third of its letters differ.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace infinipot
