#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Words as shells read them.
namespace infinipot::usage {

/// In single quotes, as bash, zsh and other POSIX shells read it.
std::string quoted(std::string_view text);

/// With a blank between each two.
std::string joined(const std::vector<std::string>& words);

/// With every `from` replaced by `to`.
std::string replaced(std::string_view text, std::string_view from, std::string_view to);

}  // namespace infinipot::usage
