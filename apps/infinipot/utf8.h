#pragma once

#include <cstddef>
#include <string_view>

namespace infinipot::cli {

/// Length of the longest prefix of `text` that is whole, well-formed UTF-8 characters.
std::size_t valid_utf8_prefix(std::string_view text);

}  // namespace infinipot::cli
