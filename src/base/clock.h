#pragma once

#include <chrono>
#include <utility>

namespace infinipot {

/// Measures wall-clock time from its construction on. Its clock never jumps.
class Stopwatch {
   public:
    double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

    /// Returns the seconds so far and starts again from zero.
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
