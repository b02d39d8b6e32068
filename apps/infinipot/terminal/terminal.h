#pragma once

#include <cstdio>
#include <string>
#include <string_view>

/// Properties of the terminal that a standard stream may be connected to.
namespace infinipot::cli {

bool is_terminal(std::FILE* stream);

/// Returns the columns of the terminal; 80 if they are unknown.
int terminal_width(std::FILE* stream);

/// Returns whether `stream` is a terminal that may show colours (https://no-color.org).
bool may_style(std::FILE* stream);

/// Returns `text` in bold if `stream` may be styled, and unchanged otherwise.
std::string bold(std::string_view text, std::FILE* stream);

/// The same in faint letters.
std::string faint(std::string_view text, std::FILE* stream);

/// Opens /dev/null for every closed standard stream. Else the next file that is opened would take
/// the place of the stream and receive its output.
void open_closed_streams();

/// Writes `sentence` to standard error as exactly one line, whatever characters it has.
void complain(std::string_view sentence);

}  // namespace infinipot::cli
