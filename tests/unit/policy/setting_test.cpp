#include <gtest/gtest.h>

#include <string>

#include "infinipot/policies.h"
#include "support/refusal.h"

namespace infinipot {
namespace {

TEST(Setting, Writes_schedules_and_reads_them_back) {
    EXPECT_EQ(to_string(Schedule::when_full), "when-full");
    EXPECT_EQ(to_string(Schedule::per_token), "per-token");
    EXPECT_EQ(to_string(Schedule::at_end), "at-end");
    EXPECT_EQ(to_string(Schedule::before_reading), "before-reading");
    for (const Schedule schedule :
         {Schedule::when_full, Schedule::per_token, Schedule::at_end, Schedule::before_reading}) {
        EXPECT_EQ(parse_schedule(to_string(schedule)), schedule);
    }
}

TEST(Setting, Reads_the_schedule_that_release_0_1_called_one_by_one) {
    EXPECT_EQ(parse_schedule("one-by-one"), Schedule::per_token);
}

TEST(Setting, Lists_the_schedules_for_an_unknown_word) {
    for (const std::string text : {"", "when_full", "When-full", "one-by-one ", "never"}) {
        EXPECT_EQ(
            refusal([&] { parse_schedule(text); }),
            "a schedule is when-full, per-token, at-end or before-reading, not \"" + text + '"');
    }
}

TEST(Setting, Writes_positions_and_reads_them_back) {
    EXPECT_EQ(to_string(Positions(Positions::reset)), "reset");
    EXPECT_EQ(to_string(Positions(Positions::keep)), "keep");
    EXPECT_EQ(to_string(Positions::in_groups(8, 1024)), "grouped:group=8,neighbours=1024");
    for (const Positions positions :
         {Positions(Positions::reset), Positions(Positions::keep), Positions::in_groups(8, 1024),
          Positions::in_groups(1, 1), Positions::in_groups(7, 2)}) {
        EXPECT_EQ(parse_positions(to_string(positions)), positions);
    }
}

TEST(Setting, Reads_the_sizes_of_groups_in_any_order) {
    EXPECT_EQ(parse_positions("grouped:neighbours=512,group=4"), Positions::in_groups(4, 512));
}

TEST(Setting, Lists_the_positions_for_an_unknown_word) {
    for (const std::string text :
         {"", "Keep", "keep:", "original", "grouped", "grouped:", "grouped:group=8",
          "grouped:group=8,neighbours", "grouped:group=8,neighbours=1024,", "grouped:group=8,x=1",
          "grouped:neighbours=8,x=1", "grouped:group=8,group=8",
          "grouped:group=8,neighbours=1024,sinks=4", "grouped:group=x,neighbours=1024",
          "grouped:group=8,neighbours=1.5"}) {
        EXPECT_EQ(refusal([&] { parse_positions(text); }),
                  "positions are reset, keep or grouped:group=N,neighbours=N, not \"" + text + '"');
    }
}

}  // namespace
}  // namespace infinipot
