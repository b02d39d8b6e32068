#pragma once

#include <cstddef>
#include <string>

namespace infinipot {

/// Returns the source of a chat template as the Jinja engine is to get it: with line feeds alone at
/// the ends of lines, and without tests of two published templates that llama.cpp disables.
/// @throws Error(unsupported_model) if it has more than `most` bytes.
std::string prepared_template(const std::string& source, std::size_t most);

}  // namespace infinipot
