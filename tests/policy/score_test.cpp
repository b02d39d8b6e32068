#include "policy/score.h"

#include <gtest/gtest.h>

#include <vector>

#include "policy/layer.h"
#include "policy/refusal.h"

namespace infinipot {
namespace {

using Scores = std::vector<float>;

const Layer layer = {.n_head_kv = 2,
                     .n_kv = 3,
                     .attention = {1, 2, 3, 4, 5, 6},
                     .value_norm = {1, 0.5f, 2, 3, 0, 0.25f}};

TEST(Score, Is_attention_times_the_norm_of_the_value_in_the_same_head) {
    const LayerView view = layer.view();
    EXPECT_EQ(weighted(view.attention[0], view, 0), (Scores{1, 1, 6}));
    EXPECT_EQ(weighted(view.attention[1], view, 1), (Scores{12, 0, 1.5f}));
}

TEST(Score, Is_attention_alone_where_no_norm_was_measured) {
    const Layer unweighted = {.n_head_kv = 1, .n_kv = 3, .attention = {1, 2, 3}};
    const LayerView view = unweighted.view();
    EXPECT_EQ(weighted(view.attention[0], view, 0), (Scores{1, 2, 3}));
}

TEST(Score, Has_norms_of_order_one_and_two_or_none) {
    for (const int order : {0, 1, 2}) EXPECT_NO_THROW(check_value_norm("p", order)) << order;
    EXPECT_EQ(refusal([] { check_value_norm("p", -1); }),
              "policy p wants value_norm 0 (none), 1 or 2, not -1");
    EXPECT_EQ(refusal([] { check_value_norm("p", 3); }),
              "policy p wants value_norm 0 (none), 1 or 2, not 3");
}

TEST(Score, Takes_counts_that_are_not_negative) {
    EXPECT_NO_THROW(check_count("p", "sinks", 0));
    EXPECT_EQ(refusal([] { check_count("p", "sinks", -1); }),
              "policy p wants 0 or more for sinks, not -1");
}

}  // namespace
}  // namespace infinipot
