#pragma once

#include <string>

#include "usage/command.h"

/// Scripts with which a shell completes commands, options, words and file names. They do not
/// propose old spellings and aliases.
namespace infinipot::usage {

/// Returns the script for bash 3.2 and later, which needs no bash-completion package.
std::string bash_completion(const Command& program);

/// Returns the script for zsh. It belongs into a folder of $fpath, as _NAME.
std::string zsh_completion(const Command& program);

/// Returns the script for fish 3.2 and later.
std::string fish_completion(const Command& program);

}  // namespace infinipot::usage
