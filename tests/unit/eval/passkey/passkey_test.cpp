#include "eval/passkey/passkey.h"

#include <gtest/gtest.h>

#include <string>

namespace infinipot::eval {
namespace {

constexpr std::string_view garbage =
    "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again.";
constexpr std::string_view task =
    "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. "
    "I will quiz you about the important information there.";

std::string repeated(std::string_view unit, int n, std::string_view between) {
    std::string text;
    for (int i = 0; i < n; ++i) (i == 0 ? text : text.append(between)).append(unit);
    return text;
}

TEST(Passkey, Is_one_line_of_whole_repetitions_in_the_format_of_llama_cpp) {
    const Passkey passkey = make_passkey({PasskeyFormat::llama_cpp, 1024, 0.5, 0, 1});
    const std::string key =
        "The pass key is " + passkey.key + ". Remember it. " + passkey.key + " is the pass key.";
    // int(3.75 * 1024) = 3840 characters, to a multiple of 1024: 3072, which hold 34 of 90.
    const std::string half = repeated(garbage, 17, " ");
    EXPECT_EQ(passkey.text, std::string(task) + " " + half + " " + key + " " + half);
    EXPECT_EQ(passkey.question, " What is the pass key? The pass key is");
}

TEST(Passkey, Is_cut_by_characters_in_the_format_of_landmark_attention) {
    const Passkey passkey = make_passkey({PasskeyFormat::landmark, 1024, 0.25, 0, 1});
    const std::size_t first_end = passkey.text.find('\n');
    const std::size_t key_begin = passkey.text.find('\n', first_end + 1);
    EXPECT_EQ(passkey.text.substr(0, first_end), task);
    EXPECT_EQ(key_begin - first_end - 1, 3072u / 4);
    EXPECT_EQ(passkey.question, "\nWhat is the pass key? The pass key is");
}

TEST(Passkey, Has_one_line_per_repetition_in_the_format_of_infinite_bench) {
    const Passkey passkey = make_passkey({PasskeyFormat::infinite_bench, 8192, 0.5, 0, 1});
    const std::string key =
        "The pass key is " + passkey.key + ". Remember it. " + passkey.key + " is the pass key.\n";
    const std::string half = repeated(std::string(garbage) + "\n", 163, "");
    EXPECT_EQ(passkey.key.size(), 5u);
    EXPECT_EQ(passkey.text, std::string(task) + "\n\n" + half + key + half);
    EXPECT_EQ(passkey.question, "\nWhat is the pass key?\nThe pass key is");
}

TEST(Passkey, Has_the_same_key_at_every_depth_and_length) {
    for (const auto format :
         {PasskeyFormat::landmark, PasskeyFormat::llama_cpp, PasskeyFormat::infinite_bench}) {
        const auto key = [&](int length, double depth, int index) {
            return make_passkey({format, length, depth, index, 3}).key;
        };
        EXPECT_EQ(key(1024, 0.1, 0), key(2048, 0.9, 0));
        EXPECT_NE(key(1024, 0.1, 0), key(1024, 0.1, 1));
    }
}

TEST(Passkey, Is_found_if_the_first_number_is_the_key) {
    EXPECT_TRUE(found_passkey(" 123. Remember 9", "123"));
    EXPECT_FALSE(found_passkey(" 1234", "123"));
    EXPECT_FALSE(found_passkey("9, 123", "123"));
    EXPECT_FALSE(found_passkey("none", "123"));
}

}  // namespace
}  // namespace infinipot::eval
