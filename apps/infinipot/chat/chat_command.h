#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace infinipot::cli {

/// A line that begins with a slash, such as "/read book.txt".
struct ChatCommand {
    enum Kind { help, read, save, fork, undo, retry, system, stats, kept, quit };

    Kind kind = help;
    std::string argument = {};
};

/// Returns whether a message is a command. Two slashes begin a message that begins with one.
bool is_command(std::string_view message);

/// Reads a command.
/// @throws Error(invalid_argument) if there is none of this name, or if it lacks its argument; the
/// sentence names the nearest one.
ChatCommand parse_command(std::string_view message);

/// Returns the list of all commands, a line for each.
std::string command_help();

}  // namespace infinipot::cli
