#include "eval/metrics/python_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace infinipot::eval {
namespace {

using Words = std::vector<std::u32string_view>;

TEST(PythonText, Decodes_code_points_and_replaces_invalid_UTF_8) {
    EXPECT_EQ(code_points("aé€𝄞"), U"aé€𝄞");
    EXPECT_EQ(code_points("a\xFFz"), U"a\uFFFDz");
    EXPECT_EQ(code_points(""), U"");
}

TEST(PythonText, Builds_words_of_letters_digits_and_underscores_in_every_script) {
    for (const char32_t c : std::u32string(U"azAZ09_éßΩЖ中あ½²٣")) {
        EXPECT_TRUE(is_word(c)) << static_cast<unsigned>(c);
    }
    for (const char32_t c : std::u32string(U" -.'’–€\n\u00A0\u0301")) {
        EXPECT_FALSE(is_word(c)) << static_cast<unsigned>(c);
    }
}

TEST(PythonText, Accepts_the_decimal_digits_of_every_script) {
    EXPECT_TRUE(is_digit(U'7'));
    EXPECT_TRUE(is_digit(U'٣'));
    EXPECT_FALSE(is_digit(U'²'));
    EXPECT_FALSE(is_digit(U'½'));
    EXPECT_EQ(digit_runs(U"12, 3a4 and ٣٤"), (Words{U"12", U"3", U"4", U"٣٤"}));
    EXPECT_TRUE(digit_runs(U"none").empty());
}

TEST(PythonText, Treats_Unicode_blanks_and_four_control_characters_as_blank) {
    for (const char32_t c : {U' ', U'\t', U'\n', U'\v', U'\f', U'\r', U'\x1C', U'\x1F', U'\u0085',
                             U'\u00A0', U'\u2009', U'\u2028', U'\u3000'}) {
        EXPECT_TRUE(is_space(c)) << static_cast<unsigned>(c);
    }
    EXPECT_FALSE(is_space(U'\u200B'));  // a space of no width
    EXPECT_EQ(split(U" a\u00A0b \n c\u2003"), (Words{U"a", U"b", U"c"}));
    EXPECT_TRUE(split(U" \n").empty());
}

TEST(PythonText, Lowers_the_case_of_every_script) {
    EXPECT_EQ(lower(U"ABC xyz 09"), U"abc xyz 09");
    EXPECT_EQ(lower(U"ÀÉÎ ĀāĂă ΑΒΓ ЖЯ ẞ"), U"àéî āāăă αβγ жя ß");
    EXPECT_EQ(lower(U"\u0130"), U"i\u0307");  // one letter becomes two characters
    EXPECT_EQ(lower(U"ΟΔΟΣ ΣΑΣ Σ"), U"οδος σας σ");
}

TEST(PythonText, Keeps_empty_pieces_when_it_splits_at_a_character) {
    EXPECT_EQ(split_at(U"a..b.", U'.'), (Words{U"a", U"", U"b", U""}));
    EXPECT_EQ(split_at(U"", U'.'), (Words{U""}));
}

}  // namespace
}  // namespace infinipot::eval
