#include "text/control_words.h"

#include <gtest/gtest.h>

namespace infinipot {
namespace {

TEST(ControlWords, Finds_the_longest_word_that_begins_at_a_byte) {
    ControlWords words;
    EXPECT_TRUE(words.empty());
    words.add({.text = "<a>", .token = 1});
    words.add({.text = "<a><b>", .token = 2});
    words.add({.text = ""});
    EXPECT_FALSE(words.empty());
    EXPECT_EQ(words.find_at("<a><b>", 0)->token, 2);
    EXPECT_EQ(words.find_at("<a><b", 0)->token, 1);
    EXPECT_EQ(words.find_at("x<a>", 1)->token, 1);
    EXPECT_EQ(words.find_at("x<a>", 0), nullptr);
    EXPECT_EQ(words.find_at("<a", 0), nullptr);
    EXPECT_EQ(words.find_at("<b>", 0), nullptr);
}

}  // namespace
}  // namespace infinipot
