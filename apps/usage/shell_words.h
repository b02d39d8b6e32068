#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Words as shells parse them.
namespace infinipot::usage {

/// Returns the text in single quotes, as bash, zsh and other POSIX shells parse it.
std::string quoted(std::string_view text);

/// Returns the words with a blank between each two.
std::string joined(const std::vector<std::string>& words);

/// Returns the text with every `from` replaced by `to`.
std::string replaced(std::string_view text, std::string_view from, std::string_view to);

}  // namespace infinipot::usage
