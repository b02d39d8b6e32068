#include "text/thinking_split.h"

#include <gtest/gtest.h>

// Where the thought of a model ends and its answer begins, however the text is cut.

namespace infinipot {
namespace {

struct Split {
    std::string thought;
    std::string answer;

    bool operator==(const Split&) const = default;
};

void add(Split& split, const std::vector<ThinkingSplit::Piece>& pieces) {
    for (const auto& piece : pieces) {
        EXPECT_NE(piece.text, "");
        (piece.is_thinking ? split.thought : split.answer) += piece.text;
    }
}

Split split_in_pieces(const std::string& text, std::size_t n_bytes, bool begun) {
    ThinkingSplit splitter({"<think>", "</think>"}, begun);
    Split split;
    for (std::size_t i = 0; i < text.size(); i += n_bytes)
        add(split, splitter.push(text.substr(i, n_bytes)));
    add(split, splitter.finish());
    return split;
}

struct Case {
    const char* name;
    std::string text;
    Split expected;
    bool begun = false;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class Thought : public testing::TestWithParam<Case> {};

TEST_P(Thought, Is_split_from_the_answer_however_the_text_is_cut) {
    const Case& c = GetParam();
    for (const std::size_t n_bytes : {1, 2, 3, 5, 8, 1000}) {
        const Split split = split_in_pieces(c.text, n_bytes, c.begun);
        EXPECT_EQ(split.thought, c.expected.thought) << n_bytes;
        EXPECT_EQ(split.answer, c.expected.answer) << n_bytes;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Texts, Thought,
    testing::Values(
        Case{"before_an_answer",
             "<think>\nA cat?\nYes.\n</think>\n\nA cat.\n",
             {"A cat?\nYes.", "A cat.\n"}},
        Case{"behind_blanks", "\n <think>x</think>y", {"x", "y"}},
        Case{"begun_by_the_prompt", "\nA cat?\n</think>\n\nA cat.", {"A cat?", "A cat."}, true},
        Case{"none", "  A cat.", {"", "  A cat."}},
        Case{"empty", "<think>\n\n</think>\n\nA cat.", {"", "A cat."}},
        Case{"without_an_end", "<think>A < b and </thin", {"A < b and </thin", ""}},
        Case{"without_an_answer", "<think>A</think>\n\n", {"A", ""}},
        Case{"of_a_lookalike", "<thinking>A</thinking>", {"", "<thinking>A</thinking>"}},
        Case{"cut_off_tag", "<thi", {"", "<thi"}},
        Case{"later_tags_are_the_answers", "a<think>b</think>", {"", "a<think>b</think>"}},
        Case{"two_ends", "<think>a</think>b</think>", {"a", "b</think>"}}),
    [](const auto& test_case) { return test_case.param.name; });

TEST(ThinkingSplit, Passes_everything_on_without_tags) {
    ThinkingSplit splitter;
    EXPECT_EQ(splitter.push("<think>a"), (std::vector<ThinkingSplit::Piece>{{"<think>a", false}}));
    EXPECT_TRUE(splitter.finish().empty());
    EXPECT_FALSE(splitter.has_thought());
}

TEST(ThinkingSplit, Returns_a_thought_while_it_goes_on) {
    ThinkingSplit splitter({"<think>", "</think>"}, false);
    splitter.push("<think>");
    EXPECT_TRUE(splitter.is_thinking());
    EXPECT_EQ(splitter.push("a b "), (std::vector<ThinkingSplit::Piece>{{"a b", true}}));
    EXPECT_EQ(splitter.push("c</"), (std::vector<ThinkingSplit::Piece>{{" c", true}}));
    splitter.push("think>");
    EXPECT_FALSE(splitter.is_thinking());
    EXPECT_TRUE(splitter.has_thought());
}

}  // namespace
}  // namespace infinipot
