#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace infinipot {

/// Returns the chat templates in llama.cpp's models/templates, in order of their names.
std::vector<std::filesystem::path> published_templates();

/// Returns a file's contents.
std::string contents_of(const std::filesystem::path& path);

/// Returns a template's name as part of a test's name: letters, digits and underscores.
std::string test_name(const std::filesystem::path& path);

}  // namespace infinipot
