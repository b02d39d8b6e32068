#pragma once

#include <string_view>

namespace infinipot::cli {

/// Thrown when nobody reads the standard output any more; the program ends without a word.
struct ClosedOutput {};

/// Writes to the standard output at once.
/// @throws Error(file_error) if that fails, as on a full disk; ClosedOutput if its reader is gone.
void print(std::string_view text);

}  // namespace infinipot::cli
