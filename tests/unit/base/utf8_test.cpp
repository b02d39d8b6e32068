#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "infinipot/error.h"

namespace infinipot {
namespace {

constexpr std::string_view euro = "\xE2\x82\xAC";
constexpr std::string_view clef = "\xF0\x9D\x84\x9E";  // U+1D11E
constexpr std::string_view mixed = "a\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9Ez";

/// The encoding of a code point, valid or not, in as many bytes as its size asks for.
std::string encode(std::uint32_t code_point) {
    const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
    const auto tail = [&](int shift) { return byte(0x80 | ((code_point >> shift) & 0x3F)); };
    if (code_point < 0x80) return {byte(code_point)};
    if (code_point < 0x800) return {byte(0xC0 | code_point >> 6), tail(0)};
    if (code_point < 0x10000) return {byte(0xE0 | code_point >> 12), tail(6), tail(0)};
    return {byte(0xF0 | code_point >> 18), tail(12), tail(6), tail(0)};
}

bool is_valid(std::string_view text) {
    Utf8Validator validator;
    return validator.feed(text) && validator.complete();
}

/// Returns the byte at which validation stops if `text` comes in chunks of `n` bytes.
std::uint64_t valid_bytes(std::string_view text, std::size_t n) {
    Utf8Validator validator;
    for (std::size_t i = 0; i < text.size(); i += n) {
        if (!validator.feed(text.substr(i, n))) break;
    }
    return validator.valid_bytes();
}

TEST(Utf8Validator, Accepts_exactly_the_scalar_values) {
    for (std::uint32_t code_point = 0; code_point < 0x200000; ++code_point) {
        const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
        const bool expected = !is_surrogate && code_point <= 0x10FFFF;
        ASSERT_EQ(is_valid(encode(code_point)), expected) << std::hex << code_point;
    }
}

TEST(Utf8Validator, Rejects_overlong_forms) {
    for (const char* const text : {"\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xE0\x9F\xBF",
                                   "\xF0\x80\x80\xAF", "\xF0\x8F\xBF\xBF"}) {
        EXPECT_FALSE(is_valid(text));
    }
}

TEST(Utf8Validator, Rejects_bytes_that_no_character_has) {
    for (const char* const text : {"\x80", "\xBF", "\xF5\x80\x80\x80", "\xFE", "\xFF"}) {
        EXPECT_FALSE(is_valid(text));
    }
}

TEST(Utf8Validator, Accepts_chunks_that_cut_characters) {
    const std::string text = std::string(mixed) + "plain text of some length" + std::string(mixed);
    for (std::size_t n = 1; n <= text.size(); ++n) {
        EXPECT_EQ(valid_bytes(text, n), text.size()) << n;
    }
}

TEST(Utf8Validator, Finds_the_first_bad_byte_wherever_chunks_cut) {
    const std::string text = std::string(mixed) + "0123456789" + "\xE2\x82" + "after";
    for (std::size_t n = 1; n <= text.size(); ++n) {
        EXPECT_EQ(valid_bytes(text, n), mixed.size() + 10) << n;
    }
}

TEST(Utf8Validator, Is_incomplete_in_the_middle_of_a_character) {
    Utf8Validator validator;
    EXPECT_TRUE(validator.complete());
    EXPECT_TRUE(validator.feed(clef.substr(0, 3)));
    EXPECT_FALSE(validator.complete());
    EXPECT_EQ(validator.valid_bytes(), 0u);
    EXPECT_TRUE(validator.feed(clef.substr(3)));
    EXPECT_TRUE(validator.complete());
    EXPECT_EQ(validator.valid_bytes(), 4u);
}

TEST(Utf8Validator, Stays_failed_until_it_is_restarted) {
    Utf8Validator validator;
    EXPECT_FALSE(
        validator.feed("abc\xFF"
                       "def"));
    EXPECT_FALSE(validator.ok());
    EXPECT_FALSE(validator.feed("good"));
    EXPECT_EQ(validator.valid_bytes(), 3u);
    validator.restart();
    EXPECT_TRUE(validator.feed("good"));
    EXPECT_EQ(validator.valid_bytes(), 7u);
}

TEST(Utf8Validator, Restarting_forgets_half_a_character) {
    Utf8Validator validator;
    EXPECT_TRUE(validator.feed("ab\xE2\x82"));
    validator.restart();
    EXPECT_TRUE(validator.complete());
    EXPECT_TRUE(validator.feed("c"));
    EXPECT_EQ(validator.valid_bytes(), 3u);
}

TEST(Utf8Decoder, Knows_the_characters_that_its_bytes_may_become) {
    const auto range_after = [](const std::string& bytes) {
        Utf8Decoder decoder;
        for (const char byte : bytes) decoder.step(static_cast<unsigned char>(byte));
        const Utf8Decoder::Range range = decoder.characters();
        return std::pair(range.first, range.last);
    };
    using Pair = std::pair<char32_t, char32_t>;
    EXPECT_EQ(range_after("A"), Pair('A', 'A'));
    EXPECT_EQ(range_after("\xC3"), Pair(0xC0, 0xFF));
    EXPECT_EQ(range_after("\xC3\xA9"), Pair(0xE9, 0xE9));
    EXPECT_EQ(range_after("\xE0"), Pair(0x800, 0xFFF)) << "what is below is overlong";
    EXPECT_EQ(range_after("\xED"), Pair(0xD000, 0xD7FF)) << "what is above are surrogates";
    EXPECT_EQ(range_after("\xE2\x82"), Pair(0x2080, 0x20BF));
    EXPECT_EQ(range_after("\xF0"), Pair(0x10000, 0x3FFFF));
    EXPECT_EQ(range_after("\xF4"), Pair(0x100000, 0x10FFFF));
    EXPECT_EQ(range_after("\xF0\x9F\x98\x80"), Pair(0x1F600, 0x1F600));
}

TEST(Utf8CompletePrefix, Leaves_out_a_character_that_is_cut_off) {
    const std::string text = "ab" + std::string(clef);
    EXPECT_EQ(utf8_complete_prefix(text), 6u);
    for (std::size_t n = 3; n < 6; ++n) EXPECT_EQ(utf8_complete_prefix(text.substr(0, n)), 2u);
    EXPECT_EQ(utf8_complete_prefix("ab"), 2u);
    EXPECT_EQ(utf8_complete_prefix(""), 0u);
}

TEST(Utf8CompletePrefix, Never_waits_for_the_end_of_what_cannot_become_a_character) {
    for (const std::string text : {"\x80", "\x80\x80\x80\x80\x80", "\xFF", "a\xC0", "\xE0\x80",
                                   "\xED\xA0", "\xF4\x90\x80", "\xF0\x9D\x84\x9E\x80"}) {
        EXPECT_EQ(utf8_complete_prefix(text), text.size());
    }
}

TEST(Utf8CompletePrefix, Passes_ill_formed_bytes_before_a_cut_character) {
    EXPECT_EQ(utf8_complete_prefix("\xFF\xE2\x82"), 1u);
}

TEST(Utf8CompletePrefix, Emits_every_stream_whole_and_in_characters) {
    std::string pending;
    std::string emitted;
    for (const char byte : mixed) {
        pending += byte;
        const std::size_t n = utf8_complete_prefix(pending);
        EXPECT_TRUE(is_valid(pending.substr(0, n)));
        emitted += pending.substr(0, n);
        pending.erase(0, n);
        EXPECT_LE(pending.size(), 3u);
    }
    EXPECT_EQ(emitted, mixed);
}

TEST(RequireUtf8, Refuses_with_the_name_and_the_byte) {
    EXPECT_NO_THROW(require_utf8("", "the question"));
    EXPECT_NO_THROW(require_utf8(mixed, "the question"));
    for (const char* text : {"caf\xFF?", "caf\xC3", "caf\xE2\x82 au lait"}) {
        try {
            require_utf8(text, "the question");
            ADD_FAILURE() << "nothing was thrown";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::bad_text);
            EXPECT_STREQ(error.what(), "the question is not UTF-8 at byte 3");
        }
    }
}

TEST(ReplaceIllFormedUtf8, Leaves_valid_text_alone) {
    EXPECT_EQ(replace_ill_formed_utf8(mixed), mixed);
    EXPECT_EQ(replace_ill_formed_utf8(""), "");
}

TEST(ReplaceIllFormedUtf8, Replaces_maximal_subparts_as_Unicode_recommends) {
    const std::string r = "\xEF\xBF\xBD";
    EXPECT_EQ(replace_ill_formed_utf8("\xFF"), r);
    EXPECT_EQ(replace_ill_formed_utf8("a\xE2\x82"
                                      "b"),
              "a" + r + "b");
    EXPECT_EQ(replace_ill_formed_utf8("\xE2\xE2\x82\xAC"), r + std::string(euro));
    EXPECT_EQ(replace_ill_formed_utf8("end\xF0\x9D\x84"), "end" + r);
    // Unicode 15, table 3-8.
    EXPECT_EQ(replace_ill_formed_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
              r + r + r + r + r + r + r + r + "A");
    // Unicode 15, table 3-11.
    EXPECT_EQ(replace_ill_formed_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), r + r + r + r + "A");
}

TEST(ReplaceIllFormedUtf8, Always_gives_valid_text) {
    std::string text;
    std::uint32_t state = 1;
    for (int i = 0; i < 20'000; ++i) {
        state = state * 1664525u + 1013904223u;
        text += static_cast<char>(state >> 24);
    }
    EXPECT_TRUE(is_valid(replace_ill_formed_utf8(text)));
}

}  // namespace
}  // namespace infinipot
