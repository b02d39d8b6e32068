#pragma once

#include <string>
#include <string_view>

namespace infinipot::cli {

/// Thrown when the reader of the standard output has closed it. The program then ends silently.
struct ClosedOutput {};

/// Writes to the standard output without buffering.
/// @throws Error(file_error) if that fails, as on a full disk
/// @throws ClosedOutput if the reader has closed it
void print(std::string_view text);

/// Checks that a file can be written, before work that may take hours.
/// @throws Error(file_error) if it cannot
void require_writable(const std::string& path);

/// Writes a file, replacing an existing one, in such a way that it appears only when it is
/// complete. Ctrl-C ends the program and leaves no part of the file.
/// @throws Error(file_error)
void write_whole(const std::string& path, std::string_view text);

}  // namespace infinipot::cli
