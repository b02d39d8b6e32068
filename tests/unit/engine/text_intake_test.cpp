#include "engine/text_intake.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "infinipot/error.h"

namespace infinipot {
namespace {

constexpr Token opening = 1000;

/// One token for each byte.
std::vector<Token> bytes_of(std::string_view text) {
    std::vector<Token> tokens;
    for (const char byte : text) tokens.push_back(static_cast<unsigned char>(byte));
    return tokens;
}

std::vector<Token> waiting(const TextIntake& intake) {
    return {intake.waiting().begin(), intake.waiting().end()};
}

/// Returns the sentence of the Error(bad_text) that `action` throws.
template <typename Action>
std::string refusal(Action action) {
    try {
        action();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_text);
        return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

class TextIntakeTest : public testing::Test {
   protected:
    TextIntake intake_{bytes_of, {opening, opening}};
};

TEST_F(TextIntakeTest, Begins_the_stream_with_the_opening_once) {
    intake_.begin_stream();
    EXPECT_EQ(waiting(intake_), (std::vector<Token>{opening, opening}));
    intake_.remove(0, 2);
    intake_.begin_stream();
    EXPECT_TRUE(intake_.waiting().empty());
}

TEST_F(TextIntakeTest, Makes_tokens_of_what_is_not_a_segment_yet_at_the_end_of_the_text) {
    intake_.append("to be");
    EXPECT_TRUE(intake_.waiting().empty());
    EXPECT_EQ(intake_.bytes_read(), 5u);
    intake_.end_text();
    EXPECT_EQ(waiting(intake_), bytes_of("to be"));
}

TEST_F(TextIntakeTest, Makes_the_same_tokens_wherever_a_text_is_cut) {
    std::string text;
    while (text.size() < 3 * TextIntake::append_bytes) text += "naïve €5 café 𝄞 ";
    for (const std::size_t step : {1u, 3u, 1000u, 8192u}) {
        TextIntake intake(bytes_of, {});
        for (std::size_t at = 0; at < text.size(); at += step) intake.append(text.substr(at, step));
        EXPECT_GT(intake.waiting().size(), 2 * TextIntake::append_bytes) << "segments do not wait";
        intake.end_text();
        EXPECT_EQ(waiting(intake), bytes_of(text)) << step << " bytes at a time";
    }
}

TEST_F(TextIntakeTest, Counts_a_cut_character_once_its_end_has_come) {
    intake_.append("caf\xC3");
    EXPECT_EQ(intake_.bytes_read(), 3u);
    intake_.append("\xA9");
    EXPECT_EQ(intake_.bytes_read(), 5u);
    intake_.end_text();
    EXPECT_EQ(waiting(intake_), bytes_of("caf\xC3\xA9"));
}

TEST_F(TextIntakeTest, Takes_everything_before_a_byte_that_is_not_UTF_8) {
    const std::string sentence = refusal([&] {
        intake_.append(
            "abc\xFF"
            "def");
    });
    EXPECT_NE(sentence.find("not UTF-8 at byte 3"), std::string::npos) << sentence;
    intake_.forget_cut_character();
    intake_.append("xyz");
    EXPECT_EQ(intake_.bytes_read(), 6u);
    intake_.end_text();
    EXPECT_EQ(waiting(intake_), bytes_of("abcxyz"));
}

TEST_F(TextIntakeTest, Refuses_a_text_that_ends_inside_a_character_and_goes_on_without_it) {
    intake_.append("caf\xC3");
    const std::string sentence = refusal([&] { intake_.end_text(); });
    EXPECT_NE(sentence.find("inside a UTF-8 character at byte 3"), std::string::npos) << sentence;
    intake_.append("e");
    intake_.end_text();
    EXPECT_EQ(waiting(intake_), bytes_of("cafe"));
}

TEST_F(TextIntakeTest, Forgets_a_cut_character_so_that_it_can_be_appended_again) {
    intake_.append("caf\xC3");
    intake_.forget_cut_character();
    intake_.append("\xC3\xA9");
    intake_.end_text();
    EXPECT_EQ(waiting(intake_), bytes_of("caf\xC3\xA9"));
}

TEST_F(TextIntakeTest, Removes_tokens_from_the_middle) {
    intake_.append("abcdef");
    intake_.end_text();
    intake_.remove(2, 3);
    EXPECT_EQ(waiting(intake_), bytes_of("abf"));
    intake_.remove(7, 0);
    EXPECT_EQ(waiting(intake_), bytes_of("abf"));
}

TEST_F(TextIntakeTest, Estimates_bytes_from_the_share_of_tokens_that_were_read) {
    intake_.append(std::string(300, 'a'));
    EXPECT_EQ(intake_.bytes_of_tokens(1, 1), 0u) << "no segment has become tokens";
    intake_.end_text();
    EXPECT_EQ(intake_.bytes_of_tokens(25, 75), 75u);
    EXPECT_EQ(intake_.bytes_of_tokens(100, 0), 300u);
}

}  // namespace
}  // namespace infinipot
