#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "eval/run/reading_pace.h"
#include "infinipot/session.h"
#include "terminal/status_line.h"

namespace infinipot::cli {

/// The progress of a reading on standard error. On a terminal it is a bar, which is redrawn and
/// removed at the end. Elsewhere it is a line every ten seconds.
class ProgressBar {
   public:
    /// @param total_bytes bytes of the text; if nothing, the bar has no remaining time
    /// @param quiet shows nothing
    ProgressBar(std::optional<std::uint64_t> total_bytes, bool quiet);

    /// Shows a text for work that is not reading.
    void announce(std::string_view what);

    /// Starts the clock that the speed of the reading is measured with. `n_before`: tokens that the
    /// session had read already, which do not count for the speed.
    void start(std::uint64_t n_before = 0);
    void update(const Progress& progress);

    /// Removes the bar from the terminal.
    void clear() { line_.clear(); }

   private:
    using Clock = std::chrono::steady_clock;

    std::optional<std::uint64_t> total_bytes_;
    eval::ReadingPace pace_;
    StatusLine line_;
    Clock::time_point start_ = Clock::now();
};

}  // namespace infinipot::cli
