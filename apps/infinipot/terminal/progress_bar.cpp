#include "terminal/progress_bar.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>

#include "eval/run/quantity.h"
#include "terminal/terminal.h"

namespace infinipot::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto between_redraws = 100ms;
constexpr auto between_lines = 10s;
constexpr std::size_t bar_width = 12;         // with it the whole line fits into 80 columns
constexpr double seconds_to_trust_speed = 2;  // before that the remaining time is too uncertain

}  // namespace

ProgressBar::ProgressBar(std::optional<std::uint64_t> total_bytes, bool quiet)
    : total_bytes_(total_bytes),
      mode_(quiet                 ? Mode::none
            : is_terminal(stderr) ? Mode::bar
                                  : Mode::lines) {}

void ProgressBar::announce(std::string_view what) {
    if (mode_ == Mode::bar) draw(what);
}

void ProgressBar::start(std::uint64_t n_before) {
    n_before_ = n_before;
    start_ = Clock::now();
    shown_ = start_;
}

void ProgressBar::update(const Progress& progress) {
    if (mode_ == Mode::none || !due()) return;
    if (mode_ == Mode::bar) {
        draw(bar(progress) + facts(progress));
    } else {
        std::fprintf(stderr, "reading: %s\n", facts(progress).c_str());
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

std::string ProgressBar::bar(const Progress& progress) const {
    const auto share = share_read(progress);
    if (!share) return "";
    const auto n_full = static_cast<std::size_t>(*share * static_cast<double>(bar_width));
    return "[" + std::string(n_full, '#') + std::string(bar_width - n_full, '.') + "] ";
}

std::string ProgressBar::facts(const Progress& progress) const {
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const auto share = share_read(progress);
    std::string text;
    if (share) text += std::to_string(static_cast<int>(*share * 100)) + " %, ";
    text += eval::count_text(progress.tokens_read, "token") + ", " +
            eval::rate_text(static_cast<double>(progress.tokens_read - n_before_), seconds) + ", " +
            eval::count_text(progress.distillations, "distillation");
    if (share && *share > 0 && seconds > seconds_to_trust_speed) {
        text += ", " + eval::seconds_text(seconds_left(progress, *share)) + " left";
    }
    return text;
}

std::optional<double> ProgressBar::share_read(const Progress& progress) const {
    if (!total_bytes_ || *total_bytes_ == 0) return std::nullopt;
    return std::min(static_cast<double>(progress.bytes_read) / static_cast<double>(*total_bytes_),
                    1.0);
}

/// The tokens that are left, at the speed of this reading.
double ProgressBar::seconds_left(const Progress& progress, double share) const {
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const double n_left = static_cast<double>(progress.tokens_read) * (1 - share) / share;
    return n_left * seconds / static_cast<double>(progress.tokens_read - n_before_);
}

}  // namespace infinipot::cli
