#include "base/nearest.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace infinipot {
namespace {

TEST(Nearest, Counts_insertions_deletions_replacements_and_swaps) {
    EXPECT_EQ(edit_distance("novelty", "novelty"), 0);
    EXPECT_EQ(edit_distance("novelity", "novelty"), 1);
    EXPECT_EQ(edit_distance("novlty", "novelty"), 1);
    EXPECT_EQ(edit_distance("nowelty", "novelty"), 1);
    EXPECT_EQ(edit_distance("nvoelty", "novelty"), 1);
    EXPECT_EQ(edit_distance("", "abc"), 3);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
}

TEST(Nearest, Finds_the_word_that_was_meant) {
    EXPECT_EQ(nearest("infinitpot", {"full", "infinipot", "streaming_llm"}), "infinipot");
    EXPECT_EQ(nearest("streaming-llm", {"full", "infinipot", "streaming_llm"}), "streaming_llm");
}

TEST(Nearest, Finds_nothing_if_no_word_is_near) {
    EXPECT_EQ(nearest("snapkv", {"full", "infinipot"}), std::nullopt);
    EXPECT_EQ(nearest("x", {}), std::nullopt);
    EXPECT_EQ(nearest("", {"full"}), std::nullopt);
    EXPECT_EQ(nearest(std::string(1000000, 'x'), {"full"}), std::nullopt);
}

}  // namespace
}  // namespace infinipot
