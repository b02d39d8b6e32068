#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "usage/command.h"

namespace infinipot::usage {

enum class Detail {
    basic,  ///< what --help prints: one screen
    all,    ///< what --help-all prints: advanced options, aliases and notes too
};

/// Returns the help of one command, at most 100 columns wide, with a line feed at its end.
std::string help(const Command& command, Detail detail);

/// Returns the help of a command and of all commands below it, with all details.
std::string whole_help(const Command& command);

/// Returns the words of `text` on lines of at most `width` bytes. A longer word has a line of its
/// own.
std::vector<std::string> wrap(const std::string& text, std::size_t width);

/// Returns a label and its explanation in the columns of help; a long label has a line of its own.
std::string row(std::string label, const std::string& explanation);

}  // namespace infinipot::usage
