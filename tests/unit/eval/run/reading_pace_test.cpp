#include "eval/run/reading_pace.h"

#include <gtest/gtest.h>

namespace infinipot::eval {
namespace {

Progress progress(std::uint64_t bytes, std::uint64_t tokens) {
    return {.bytes_read = bytes, .tokens_read = tokens, .distillations = 5};
}

TEST(ReadingPace, Knows_the_share_and_the_time_left) {
    const ReadingPace pace(4000);
    EXPECT_EQ(pace.share(progress(1000, 250)), 0.25);
    EXPECT_EQ(pace.seconds_left(progress(1000, 250), 10), 30.0);
    EXPECT_EQ(pace.seconds_left(progress(4000, 1000), 10), 0.0);
}

TEST(ReadingPace, Does_not_count_what_was_read_before_for_the_speed) {
    const ReadingPace pace(4000, 500);
    EXPECT_EQ(pace.share(progress(3000, 750)), 0.75);
    EXPECT_EQ(pace.seconds_left(progress(3000, 750), 10), 10.0) << "250 tokens at 25 a second";
    EXPECT_EQ(pace.facts(progress(3000, 750), 10),
              "75 %, 750 tokens, 25.0 tokens/s, 5 distillations, 10.0 s left");
}

TEST(ReadingPace, Has_no_time_left_before_anything_was_read) {
    const ReadingPace pace(4000, 500);
    EXPECT_EQ(pace.seconds_left(progress(2000, 500), 10), std::nullopt);
    EXPECT_EQ(ReadingPace(4000).seconds_left(progress(0, 0), 10), std::nullopt);
    EXPECT_EQ(pace.facts(progress(2000, 500), 10),
              "50 %, 500 tokens, 0.0 tokens/s, 5 distillations");
}

TEST(ReadingPace, Trusts_no_speed_of_the_first_two_seconds) {
    const ReadingPace pace(4000);
    EXPECT_EQ(pace.facts(progress(1000, 250), 2),
              "25 %, 250 tokens, 125 tokens/s, 5 distillations");
    EXPECT_EQ(pace.facts(progress(1000, 250), 2.5),
              "25 %, 250 tokens, 100 tokens/s, 5 distillations, 7.50 s left");
}

TEST(ReadingPace, Is_silent_about_the_share_of_an_unknown_total) {
    for (const ReadingPace& pace : {ReadingPace(std::nullopt), ReadingPace(0)}) {
        EXPECT_EQ(pace.share(progress(1000, 250)), std::nullopt);
        EXPECT_EQ(pace.bar(progress(1000, 250), 4), "");
        EXPECT_EQ(pace.facts(progress(1000, 250), 10),
                  "250 tokens, 25.0 tokens/s, 5 distillations");
    }
}

TEST(ReadingPace, Draws_a_bar_that_a_text_which_grows_does_not_break) {
    const ReadingPace pace(4000);
    EXPECT_EQ(pace.bar(progress(0, 0), 4), "[....] ");
    EXPECT_EQ(pace.bar(progress(2999, 700), 4), "[##..] ");
    EXPECT_EQ(pace.bar(progress(5000, 1200), 4), "[####] ");
    EXPECT_EQ(pace.seconds_left(progress(5000, 1200), 10), 0.0);
}

}  // namespace
}  // namespace infinipot::eval
