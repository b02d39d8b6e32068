#include "base/clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace infinipot {
namespace {

TEST(Stopwatch, Counts_seconds_and_never_backwards) {
    const Stopwatch watch;
    const double first = watch.seconds();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_GE(first, 0.0);
    EXPECT_GE(watch.seconds(), first + 0.02);
}

TEST(Stopwatch, Restarting_returns_the_time_so_far) {
    Stopwatch watch;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const double before = watch.seconds();
    const double lap = watch.restart();
    EXPECT_GE(lap, before);
    EXPECT_LT(watch.seconds(), lap + 10.0);
}

}  // namespace
}  // namespace infinipot
