#pragma once

#include <filesystem>
#include <string>

namespace infinipot::eval {

/// A whole file of text, without a byte order mark.
/// @throws Error(file_error) if it cannot be read or holds nothing but blanks, Error(bad_text) if
/// it is not UTF-8; each names the file.
std::string read_text_file(const std::filesystem::path& path);

}  // namespace infinipot::eval
