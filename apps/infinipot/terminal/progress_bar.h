#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "infinipot/session.h"

namespace infinipot::cli {

/// How far the reading has come, on standard error: a bar that is drawn over and over on a terminal
/// and vanishes at the end; elsewhere a line every ten seconds.
class ProgressBar {
   public:
    /// Without a total there is no time left to tell. A quiet bar shows nothing.
    ProgressBar(std::optional<std::uint64_t> total_bytes, bool quiet);
    ~ProgressBar() { clear(); }
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    /// Says what goes on where nothing is read.
    void announce(std::string_view what);

    /// The reading's speed is measured from here on.
    void start();
    void update(const Progress& progress);

    /// Takes the bar off the terminal.
    void clear();

   private:
    enum class Mode { none, lines, bar };
    using Clock = std::chrono::steady_clock;

    bool due();
    void draw(std::string_view line);
    std::string bar(const Progress& progress) const;
    std::string facts(const Progress& progress) const;
    std::optional<double> share_read(const Progress& progress) const;

    std::optional<std::uint64_t> total_bytes_;
    Mode mode_;
    bool drawn_ = false;
    Clock::time_point start_ = Clock::now();
    Clock::time_point shown_ = start_;
};

}  // namespace infinipot::cli
