#include "text/segmenter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace infinipot {
namespace {

constexpr std::size_t full = Segmenter::segment_bytes;

std::string repeated(const std::string& unit, std::size_t n_bytes) {
    std::string text;
    while (text.size() < n_bytes) text += unit;
    return text;
}

/// The segments of a text that arrives in pieces of `step` bytes.
std::vector<std::string> segments_of(const std::string& text, std::size_t step) {
    Segmenter segmenter;
    std::vector<std::string> segments;
    for (std::size_t at = 0; at < text.size(); at += step) {
        segmenter.append(text.substr(at, step));
        while (auto segment = segmenter.next()) segments.push_back(*segment);
    }
    segments.push_back(segmenter.rest());
    return segments;
}

/// Words of several lengths, of one to four bytes per character.
const std::string words =
    repeated("The na\u00EFve fox \u20AC5\nran  to \U0001F600, and ", 3 * full);

TEST(Segmenter, Waits_until_there_is_more_than_a_segment) {
    Segmenter segmenter;
    segmenter.append(repeated("ab ", full).substr(0, full));
    EXPECT_FALSE(segmenter.next());
    EXPECT_EQ(segmenter.waiting_bytes(), full);
    segmenter.append("c");
    const auto segment = segmenter.next();
    ASSERT_TRUE(segment);
    EXPECT_EQ(segmenter.waiting_bytes(), full + 1 - segment->size());
}

TEST(Segmenter, Loses_and_adds_nothing) {
    std::string joined;
    for (const std::string& segment : segments_of(words, 1000)) joined += segment;
    EXPECT_EQ(joined, words);
}

TEST(Segmenter, Cuts_at_the_same_places_however_the_text_arrives) {
    const auto expected = segments_of(words, words.size());
    ASSERT_GE(expected.size(), 3u);
    for (const std::size_t step : {1u, 7u, 4096u, 8193u}) {
        EXPECT_EQ(segments_of(words, step), expected) << step;
    }
}

TEST(Segmenter, Does_not_cut_before_a_space_whose_next_byte_may_not_have_arrived) {
    std::string text(2 * full, 'a');
    text[full - 1000] = text[full] = text[full + 1] = ' ';
    for (const std::size_t step : {full + 1, text.size()}) {
        EXPECT_EQ(segments_of(text, step)[0].size(), full - 1000) << step;
    }
}

TEST(Segmenter, Cuts_before_the_last_space_between_words_that_fits) {
    const std::string text = repeated("abcd ", 2 * full);
    const auto segments = segments_of(text, text.size());
    EXPECT_EQ(segments[0].size(), full - 1 - (full - 5) % 5);
    EXPECT_EQ(segments[0].back(), 'd');
    EXPECT_EQ(segments[1].front(), ' ');
}

TEST(Segmenter, Does_not_cut_inside_white_space) {
    std::string text(full - 10, 'a');
    text[full - 1000] = ' ';
    text += "b  c \nd\n e" + std::string(100, 'f');
    EXPECT_EQ(segments_of(text, text.size())[0].size(), full - 1000);
}

TEST(Segmenter, Cuts_a_run_without_spaces_between_two_characters) {
    for (const std::string before : {"", "a", "ab", "abc"}) {
        const std::string text = before + repeated("\U0001F600", 2 * full);
        const auto segments = segments_of(text, text.size());
        EXPECT_EQ(segments[0].size(), before.empty() ? full : full - 4 + before.size());
        EXPECT_EQ(segments[1].substr(0, 4), "\U0001F600");
    }
}

TEST(Segmenter, Ignores_a_space_in_the_first_half_of_a_segment) {
    std::string text(2 * full, 'a');
    text[full / 2] = ' ';
    EXPECT_EQ(segments_of(text, text.size())[0].size(), full);
    text[full / 2 + 1] = ' ';
    text[full / 2] = 'a';
    EXPECT_EQ(segments_of(text, text.size())[0].size(), full / 2 + 1);
}

TEST(Segmenter, Returns_what_waits_as_the_last_segment_and_is_empty_then) {
    Segmenter segmenter;
    segmenter.append("a few");
    segmenter.append(" words");
    EXPECT_EQ(segmenter.rest(), "a few words");
    EXPECT_EQ(segmenter.waiting_bytes(), 0u);
    EXPECT_EQ(segmenter.rest(), "");
}

}  // namespace
}  // namespace infinipot
