#pragma once

#include <filesystem>
#include <string>

namespace infinipot::eval {

/// Returns a whole file of text, without a byte order mark.
/// @throws Error(file_error) naming the file, if it cannot be read or has only white space
/// @throws Error(bad_text) naming the file, if it is not UTF-8
std::string read_text_file(const std::filesystem::path& path);

}  // namespace infinipot::eval
