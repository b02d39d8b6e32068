#pragma once

#include <string_view>

namespace infinipot {

/// Returns how many arrays and objects of a JSON text are within each other at most, for functions
/// that recurse into it. Of a text that is no JSON it returns at least what a parser opens.
int json_nesting(std::string_view json);

}  // namespace infinipot
