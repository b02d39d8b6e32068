#pragma once

#include <string>

#include "usage/command.h"

/// Scripts that let a shell complete commands, options, words and file names. Old spellings and
/// aliases are not proposed.
namespace infinipot::usage {

/// For bash 3.2 and later; needs no bash-completion package.
std::string bash_completion(const Command& program);

/// For zsh, to be put into a folder of $fpath as _NAME.
std::string zsh_completion(const Command& program);

/// For fish 3.2 and later.
std::string fish_completion(const Command& program);

}  // namespace infinipot::usage
