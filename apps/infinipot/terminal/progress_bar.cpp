#include "terminal/progress_bar.h"

#include <cstddef>
#include <string>

namespace infinipot::cli {
namespace {

constexpr std::size_t bar_width = 12;  // with it the whole line fits into 80 columns

}  // namespace

ProgressBar::ProgressBar(std::optional<std::uint64_t> total_bytes, bool quiet)
    : total_bytes_(total_bytes), pace_(total_bytes), line_(quiet) {}

void ProgressBar::announce(std::string_view what) {
    if (line_.is_on_terminal()) line_.show(what);
}

void ProgressBar::start(std::uint64_t n_before) {
    pace_ = eval::ReadingPace(total_bytes_, n_before);
    start_ = Clock::now();
    line_.start();
}

void ProgressBar::update(const Progress& progress) {
    if (!line_.due()) return;
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const std::string facts = pace_.facts(progress, seconds);
    line_.show(line_.is_on_terminal() ? pace_.bar(progress, bar_width) + facts
                                      : "reading: " + facts);
}

}  // namespace infinipot::cli
