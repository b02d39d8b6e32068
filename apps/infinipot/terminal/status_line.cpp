#include "terminal/status_line.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>

#include "terminal/terminal.h"

namespace infinipot::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto between_redraws = 100ms;
constexpr auto between_lines = 10s;

}  // namespace

StatusLine::StatusLine(bool quiet)
    : mode_(quiet                 ? Mode::none
            : is_terminal(stderr) ? Mode::bar
                                  : Mode::lines) {}

bool StatusLine::due() {
    if (mode_ == Mode::none) return false;
    const auto now = Clock::now();
    if (now - shown_ < (mode_ == Mode::bar ? Clock::duration(between_redraws) : between_lines)) {
        return false;
    }
    shown_ = now;
    return true;
}

/// On a terminal it returns to the first column, prints the line, and clears the rest.
void StatusLine::show(std::string_view line) {
    if (mode_ == Mode::none) return;
    if (mode_ == Mode::lines) {
        std::fprintf(stderr, "%s\n", std::string(line).c_str());
        return;
    }
    const auto fits = static_cast<std::size_t>(std::max(terminal_width(stderr) - 1, 1));
    std::fprintf(stderr, "\r%s\x1b[K", std::string(line.substr(0, fits)).c_str());
    std::fflush(stderr);
    drawn_ = true;
}

void StatusLine::clear() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
    drawn_ = false;
}

}  // namespace infinipot::cli
