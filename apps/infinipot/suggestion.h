#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infinipot::cli {

/// The word among `known` that a misspelt `word` was most likely meant to be.
std::optional<std::string> suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace infinipot::cli
