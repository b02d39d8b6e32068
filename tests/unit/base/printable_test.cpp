#include "base/printable.h"

#include <gtest/gtest.h>

namespace infinipot {
namespace {

TEST(Printable, Replaces_what_moves_the_cursor_or_changes_colours) {
    EXPECT_EQ(printable("a\x1b[31mb\rc\x7f"), "a?[31mb?c?");
    EXPECT_EQ(printable("a\xC2\x9B"
                        "31m"),
              "a?31m");
}

TEST(Printable, Leaves_all_other_characters_alone) {
    const char* const text = "line\n\ttab \xC2\xA0 \xC3\x9F \xE4\xBD\xA0 \xF0\x9F\x99\x82";
    EXPECT_EQ(printable(text), text);
    EXPECT_EQ(printable(""), "");
}

TEST(Printable, Replaces_ill_formed_bytes) {
    EXPECT_EQ(printable("a\x9Bz"), "a\xEF\xBF\xBDz");
    EXPECT_EQ(printable("a\xC2"), "a\xEF\xBF\xBD");
}

TEST(Printable, Puts_all_on_one_line) { EXPECT_EQ(printable_line("a\nb\tc\x07"), "a b c?"); }

}  // namespace
}  // namespace infinipot
