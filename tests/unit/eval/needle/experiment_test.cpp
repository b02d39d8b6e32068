#include "eval/needle/experiment.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace infinipot::eval {
namespace {

NeedleText text(int n_needles, int key_index, std::optional<double> depth = {}) {
    return {.haystack = "book.txt",
            .length = 100,
            .depth = depth,
            .key_index = key_index,
            .needles = make_needles(NeedleKind::magic_number, n_needles, 1, key_index)};
}

std::vector<std::string> answers(const std::vector<Needle>& needles) {
    std::vector<std::string> all;
    for (const Needle& needle : needles) all.push_back(needle.answer);
    return all;
}

TEST(NeedleExperiment, One_needle_stands_at_the_depth_of_its_text) {
    EXPECT_EQ(depths_of(text(1, 0, 0.25)), std::vector<double>{0.25});
}

TEST(NeedleExperiment, Several_needles_stand_in_the_middle_of_equal_parts) {
    EXPECT_EQ(depths_of(text(4, 0)), (std::vector<double>{0.125, 0.375, 0.625, 0.875}));
}

TEST(NeedleExperiment, The_first_text_asks_in_the_order_of_the_text) {
    const NeedleText first = text(5, 0);
    EXPECT_EQ(answers(in_asking_order(first)), answers(first.needles));
}

TEST(NeedleExperiment, The_next_text_begins_three_needles_later) {
    const NeedleText second = text(5, 1);
    const auto given = answers(second.needles);
    EXPECT_EQ(answers(in_asking_order(second)),
              (std::vector<std::string>{given[3], given[4], given[0], given[1], given[2]}));
}

TEST(NeedleExperiment, Has_a_text_for_each_haystack_length_depth_and_key) {
    NeedleRun run;
    run.haystacks = {"a/book.txt", "filler"};
    run.lengths = {100, 200};
    run.depths = {0.1, 0.9};
    run.n_keys = 2;
    const auto texts = needle_texts(run);
    ASSERT_EQ(texts.size(), 16U);
    EXPECT_EQ(texts.front().haystack, "book.txt");
    EXPECT_EQ(texts.front().depth, 0.1);
    EXPECT_EQ(texts.back().haystack, "filler");
    EXPECT_EQ(texts.back().length, 200);
    EXPECT_EQ(texts.back().depth, 0.9);
    EXPECT_EQ(texts.back().key_index, 1);
}

TEST(NeedleExperiment, Texts_of_several_needles_have_no_depth) {
    NeedleRun run;
    run.lengths = {100};
    run.kind = NeedleKind::magic_number;
    run.n_needles = 3;
    const auto texts = needle_texts(run);
    ASSERT_EQ(texts.size(), 3U);
    for (const NeedleText& each : texts) {
        EXPECT_EQ(each.depth, std::nullopt);
        EXPECT_EQ(each.needles.size(), 3U);
    }
}

}  // namespace
}  // namespace infinipot::eval
