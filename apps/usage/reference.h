#pragma once

#include <string>

#include "usage/command.h"

namespace infinipot::usage {

/// Returns the program's reference in Markdown: docs/cli.md.
std::string markdown(const Program& program);

/// Returns the program's manual page in troff with the macros of man(7).
std::string man_page(const Program& program);

}  // namespace infinipot::usage
