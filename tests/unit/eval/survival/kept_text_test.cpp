#include "eval/survival/kept_text.h"

#include <gtest/gtest.h>

namespace infinipot::eval {
namespace {

/// A token is the byte of its number.
std::string byte_of(Token token) { return {static_cast<char>(token)}; }

/// Returns the bytes of a text as tokens from a position on, kept by a share of the heads.
std::vector<KeptToken> tokens(std::int64_t position, const std::string& text, float share = 1) {
    std::vector<KeptToken> list;
    for (const char c : text) list.push_back({position++, static_cast<unsigned char>(c), share});
    return list;
}

std::vector<KeptToken> operator+(std::vector<KeptToken> a, const std::vector<KeptToken>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

TEST(KeptText, Puts_dots_where_tokens_are_missing) {
    const auto kept = tokens(0, "the ") + tokens(9, "pot") + tokens(12, " is") + tokens(99, "full");
    EXPECT_EQ(kept_text(kept_pieces(kept, byte_of, 0)), "the  ... pot is ... full");
}

TEST(KeptText, Puts_dots_in_front_of_a_text_whose_beginning_is_gone) {
    EXPECT_EQ(kept_text(kept_pieces(tokens(1, "pot"), byte_of, 0)), " ... pot");
    EXPECT_EQ(kept_text({}), "");
}

TEST(KeptText, Leaves_out_what_too_few_heads_keep) {
    const auto kept = tokens(0, "a", 0.5f) + tokens(1, "b", 0.25f) + tokens(2, "c", 0.75f);
    EXPECT_EQ(kept_text(kept_pieces(kept, byte_of, 0.5f)), "a ... c");
    EXPECT_EQ(kept_text(kept_pieces(kept, byte_of, 0)), "abc");
    const auto pieces = kept_pieces(kept, byte_of, 0.5f);
    ASSERT_EQ(pieces.size(), 2u);
    EXPECT_EQ(pieces[1].position, 2);
    EXPECT_EQ(pieces[1].share, 0.75f);
    EXPECT_TRUE(pieces[1].after_gap);
}

TEST(KeptText, Gives_a_character_to_its_last_token) {
    const auto pieces = kept_pieces(tokens(0, "a\xE4\xBD\xA0z"), byte_of, 0);
    ASSERT_EQ(pieces.size(), 5u);
    EXPECT_EQ(pieces[1].text + pieces[2].text, "");
    EXPECT_EQ(pieces[3].text, "\xE4\xBD\xA0");
    EXPECT_EQ(pieces[4].text, "z");
}

TEST(KeptText, Never_joins_bytes_over_a_gap) {
    const auto cut = tokens(0, "a\xE4\xBD") + tokens(9, "\xA0z") + tokens(20, "\xE4");
    EXPECT_EQ(kept_text(kept_pieces(cut, byte_of, 0)),
              "a\xEF\xBF\xBD ... \xEF\xBF\xBDz ... \xEF\xBF\xBD");
}

TEST(KeptText, Is_safe_to_print) {
    EXPECT_EQ(kept_text(kept_pieces(tokens(0, "a\x1b[31m\n"), byte_of, 0)), "a?[31m\n");
}

}  // namespace
}  // namespace infinipot::eval
