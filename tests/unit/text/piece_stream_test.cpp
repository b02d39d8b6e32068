#include "text/piece_stream.h"

#include <gtest/gtest.h>

#include <string>

namespace infinipot {
namespace {

constexpr const char* replacement = "\xEF\xBF\xBD";  // U+FFFD

TEST(PieceStream, Passes_on_whole_characters_at_once) {
    PieceStream stream;
    EXPECT_EQ(stream.push("caf\u00E9"), "caf\u00E9");
    EXPECT_EQ(stream.push(" noir"), " noir");
    EXPECT_EQ(stream.finish(), "");
}

TEST(PieceStream, Holds_a_character_back_until_its_last_byte) {
    PieceStream stream;
    EXPECT_EQ(stream.push("a\xF0\x9F"), "a");
    EXPECT_EQ(stream.push("\x98"), "");
    EXPECT_EQ(stream.push("\x80z"), "\U0001F600z");
    EXPECT_EQ(stream.finish(), "");
}

TEST(PieceStream, Gives_the_same_text_however_it_is_cut) {
    const std::string text = "na\u00EFve \u20AC5 \U0001F600!";
    for (std::size_t first = 0; first <= text.size(); ++first) {
        for (std::size_t second = first; second <= text.size(); ++second) {
            PieceStream stream;
            std::string joined = stream.push(text.substr(0, first));
            joined += stream.push(text.substr(first, second - first));
            joined += stream.push(text.substr(second));
            EXPECT_EQ(joined, text) << first << ' ' << second;
            EXPECT_EQ(stream.finish(), "");
        }
    }
}

TEST(PieceStream, Ends_an_unfinished_character_with_one_replacement_character) {
    PieceStream stream;
    EXPECT_EQ(stream.push("a\xF0\x9F\x98"), "a");
    EXPECT_EQ(stream.finish(), replacement);
    EXPECT_EQ(stream.finish(), "");
}

TEST(PieceStream, Begins_again_after_its_end) {
    PieceStream stream;
    stream.push("\xC3");
    stream.finish();
    EXPECT_EQ(stream.push("b"), "b");
}

TEST(PieceStream, Is_not_stalled_by_bytes_that_no_character_has) {
    PieceStream stream;
    EXPECT_EQ(stream.push("\xFF"
                          "a"),
              "\xFF"
              "a");
    EXPECT_EQ(stream.push("\x80"), "\x80");
}

}  // namespace
}  // namespace infinipot
