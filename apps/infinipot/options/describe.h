#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "usage/command.h"

/// The command line as data, taken from CLI11. The CLI11 group of an option is its heading. The
/// type name of an option says how a shell completes its value.
namespace infinipot::cli {

inline constexpr const char* advanced_suffix = " (advanced)";  ///< end of the name of a group

inline constexpr const char* text_values = "value";
inline constexpr const char* file_values = "file";
inline constexpr const char* folder_values = "folder";  ///< others: words separated by |

/// Gives a command examples, which --help shows, and notes, which only --help-all shows.
void explain(CLI::App& app, const std::string& examples, const std::string& notes = "");

/// Returns the command with its subcommands. Options without a group stay hidden.
usage::Command describe(const CLI::App& app);

}  // namespace infinipot::cli
