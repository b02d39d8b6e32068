#pragma once

#include <chrono>
#include <string_view>

namespace infinipot::cli {

/// One line on standard error that tells how far some work is. On a terminal it is drawn again and
/// again in its place and removed at the end. Elsewhere it is printed every ten seconds.
class StatusLine {
   public:
    /// @param quiet shows nothing
    explicit StatusLine(bool quiet);
    ~StatusLine() { clear(); }
    StatusLine(const StatusLine&) = delete;
    StatusLine& operator=(const StatusLine&) = delete;

    bool is_on_terminal() const { return mode_ == Mode::bar; }

    /// Begins to wait until the next show is due.
    void start() { shown_ = Clock::now(); }

    /// Returns whether it is time to show a line, and if so begins to wait again.
    bool due();

    /// Shows a line now. On a terminal it is cut to the width.
    void show(std::string_view line);

    /// Removes the line from the terminal.
    void clear();

   private:
    enum class Mode { none, lines, bar };
    using Clock = std::chrono::steady_clock;

    Mode mode_;
    bool drawn_ = false;
    Clock::time_point shown_ = Clock::now();
};

}  // namespace infinipot::cli
