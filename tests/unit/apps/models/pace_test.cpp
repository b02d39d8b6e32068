#include "models/pull/pace.h"

#include <gtest/gtest.h>

namespace infinipot::models {
namespace {

constexpr std::uint64_t mib = 1 << 20;

TEST(DownloadPace, Shows_share_rate_and_time_left) {
    const DownloadPace pace(0, 100 * mib);
    EXPECT_EQ(pace.facts(25 * mib, 5), "25 %, 25.0 MiB of 100.0 MiB, 5.0 MiB/s, 15.0 s left");
    EXPECT_EQ(pace.bar(25 * mib, 8), "[##......] ");
}

TEST(DownloadPace, Counts_bytes_of_this_download_alone_for_the_rate) {
    const DownloadPace pace(50 * mib, 100 * mib);
    EXPECT_EQ(pace.facts(60 * mib, 5), "60 %, 60.0 MiB of 100.0 MiB, 2.0 MiB/s, 20.0 s left");
}

TEST(DownloadPace, Leaves_out_what_is_unknown) {
    EXPECT_EQ(DownloadPace(0, 0).facts(10 * mib, 5), "10.0 MiB, 2.0 MiB/s");
    EXPECT_EQ(DownloadPace(0, 0).bar(10 * mib, 8), "");
    EXPECT_EQ(DownloadPace(0, 100 * mib).facts(10 * mib, 0.5), "10 %, 10.0 MiB of 100.0 MiB");
    EXPECT_EQ(DownloadPace(5 * mib, 100 * mib).facts(5 * mib, 9), "5 %, 5.0 MiB of 100.0 MiB");
    EXPECT_EQ(DownloadPace(0, 10 * mib).facts(10 * mib, 5),
              "100 %, 10.0 MiB of 10.0 MiB, 2.0 MiB/s");
}

}  // namespace
}  // namespace infinipot::models
