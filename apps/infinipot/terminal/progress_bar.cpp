#include "terminal/progress_bar.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>

#include "terminal/terminal.h"

namespace infinipot::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto between_redraws = 100ms;
constexpr auto between_lines = 10s;
constexpr std::size_t bar_width = 12;  // with it the whole line fits into 80 columns

}  // namespace

ProgressBar::ProgressBar(std::optional<std::uint64_t> total_bytes, bool quiet)
    : total_bytes_(total_bytes),
      pace_(total_bytes),
      mode_(quiet                 ? Mode::none
            : is_terminal(stderr) ? Mode::bar
                                  : Mode::lines) {}

void ProgressBar::announce(std::string_view what) {
    if (mode_ == Mode::bar) draw(what);
}

void ProgressBar::start(std::uint64_t n_before) {
    pace_ = eval::ReadingPace(total_bytes_, n_before);
    start_ = Clock::now();
    shown_ = start_;
}

void ProgressBar::update(const Progress& progress) {
    if (mode_ == Mode::none || !due()) return;
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const std::string facts = pace_.facts(progress, seconds);
    if (mode_ == Mode::bar) {
        draw(pace_.bar(progress, bar_width) + facts);
    } else {
        std::fprintf(stderr, "reading: %s\n", facts.c_str());
    }
}

bool ProgressBar::due() {
    const auto now = Clock::now();
    if (now - shown_ < (mode_ == Mode::bar ? Clock::duration(between_redraws) : between_lines)) {
        return false;
    }
    shown_ = now;
    return true;
}

/// Returns to the first column, prints the line, and clears the rest.
void ProgressBar::draw(std::string_view line) {
    const auto fits = static_cast<std::size_t>(std::max(terminal_width(stderr) - 1, 1));
    std::fprintf(stderr, "\r%s\x1b[K", std::string(line.substr(0, fits)).c_str());
    std::fflush(stderr);
    drawn_ = true;
}

void ProgressBar::clear() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
    drawn_ = false;
}

}  // namespace infinipot::cli
