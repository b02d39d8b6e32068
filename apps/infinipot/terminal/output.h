#pragma once

#include <string>
#include <string_view>

namespace infinipot::cli {

/// Thrown when nobody reads the standard output any more; the program ends without a word.
struct ClosedOutput {};

/// Writes to the standard output at once.
/// @throws Error(file_error) if that fails, as on a full disk; ClosedOutput if its reader is gone.
void print(std::string_view text);

/// Before work that may take hours: whether a file can be written.
/// @throws Error(file_error)
void require_writable(const std::string& path);

/// Writes a file that appears only when it is whole, in place of one that was there. Ctrl-C ends
/// the program and leaves nothing of it.
/// @throws Error(file_error)
void write_whole(const std::string& path, std::string_view text);

}  // namespace infinipot::cli
