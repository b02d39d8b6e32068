#include "eval/bench/work.h"

#include <gtest/gtest.h>

namespace infinipot::eval {
namespace {

// 1000 weights, of which 4 x 50 are the head's; 2 * 3 * 5 = 30 products per pair, twice.
const ModelInfo model = {.path = {},
                         .name = {},
                         .architecture = {},
                         .n_layer = 2,
                         .n_layer_kv = 2,
                         .n_embd = 4,
                         .n_head = 3,
                         .n_embd_head = 5,
                         .n_vocab = 50,
                         .n_novelty_vocab = 50,
                         .n_matrix_weights = 1000,
                         .matrix_bytes = 1100};

TEST(ReadingWork, Counts_weights_and_every_entry_that_a_token_sees) {
    ReadingWork work(model, true);
    work.add(3, 3);  // the first sees itself alone, the third all three: 6 pairs
    EXPECT_DOUBLE_EQ(work.flop(), 3 * 2 * 1000 + 6 * 4 * 30);
    work.add(1, 11);
    EXPECT_DOUBLE_EQ(work.flop(), 4 * 2 * 1000 + 17 * 4 * 30);
}

TEST(ReadingWork, Excludes_the_output_head_if_nothing_is_scored) {
    ReadingWork work(model, false);
    work.add(1, 1);
    EXPECT_DOUBLE_EQ(work.flop(), 2 * 800 + 4 * 30);
}

TEST(ReadingWork, Counts_only_the_scored_rows_of_the_output_head) {
    ModelInfo frugal = model;
    frugal.n_novelty_vocab = 10;
    ReadingWork work(frugal, true);
    work.add(1, 1);
    EXPECT_DOUBLE_EQ(work.flop(), 2 * (800 + 4 * 10) + 4 * 30);
}

TEST(ReadingWork, Shows_all_entries_to_every_token_of_a_batch_if_nothing_is_evicted) {
    ReadingWork work(model, false);
    work.add(3, 10, true);
    EXPECT_DOUBLE_EQ(work.flop(), 3 * 2 * 800 + 30 * 4 * 30);
}

TEST(BytesPerToken, Are_those_of_weights_and_KV_cache) {
    EXPECT_DOUBLE_EQ(bytes_per_token(model, 10.5, 8), 1100 + 84);
}

TEST(Median, Is_the_middle_or_the_mean_of_the_two_in_the_middle) {
    EXPECT_EQ(median({7}), 7);
    EXPECT_EQ(median({9, 1, 5}), 5);
    EXPECT_EQ(median({9, 1, 5, 3}), 4);
}

}  // namespace
}  // namespace infinipot::eval
