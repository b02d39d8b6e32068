#pragma once

#include <cstdio>
#include <string>
#include <string_view>

/// What the streams of the program are connected to.
namespace infinipot::cli {

bool is_terminal(std::FILE* stream);

/// Columns of the terminal; 80 where that is unknown.
int terminal_width(std::FILE* stream);

/// Whether `stream` is a terminal that is meant to have colours (https://no-color.org).
bool may_style(std::FILE* stream);

/// `text` in bold, if `stream` may be styled.
std::string bold(std::string_view text, std::FILE* stream);

/// Opens /dev/null for every standard stream that is closed, so that no file of ours takes its
/// place and is written to by mistake.
void open_closed_streams();

/// Writes `sentence` as one line of standard error, whatever is in it.
void complain(std::string_view sentence);

}  // namespace infinipot::cli
