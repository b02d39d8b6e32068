#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infinipot {

/// Returns the smallest number of insertions, deletions, replacements and swaps of neighbouring
/// letters that turn `a` into `b`.
int edit_distance(std::string_view a, std::string_view b);

/// Returns the known word nearest to `word`, or nothing if more than a third of its letters differ.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace infinipot
