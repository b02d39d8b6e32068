#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "usage/command.h"

/// What CLI11 knows of the command line, as data. An option's CLI11 group is its heading, and its
/// type name says how a shell completes its value.
namespace infinipot::cli {

inline constexpr const char* advanced_suffix = " (advanced)";  ///< of a group

inline constexpr const char* text_values = "value";
inline constexpr const char* file_values = "file";
inline constexpr const char* folder_values = "folder";  ///< others: words with | between them

/// Gives a command its examples, which --help shows, and notes, which only --help-all does.
void explain(CLI::App& app, const std::string& examples, const std::string& notes = "");

/// The command and those in it. Options without a group stay hidden.
usage::Command describe(const CLI::App& app);

}  // namespace infinipot::cli
