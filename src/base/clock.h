#pragma once

#include <chrono>
#include <utility>

namespace infinipot {

/// Measures wall-clock time on a clock that never jumps. Runs from its construction on.
class Stopwatch {
   public:
    double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

    /// The time so far, in seconds, and starts again from zero.
    double restart() {
        const Clock::time_point now = Clock::now();
        const Clock::time_point start = std::exchange(start_, now);
        return std::chrono::duration<double>(now - start).count();
    }

   private:
    using Clock = std::chrono::steady_clock;
    Clock::time_point start_ = Clock::now();
};

}  // namespace infinipot
