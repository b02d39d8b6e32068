#include "model/layer_plan.h"

#include <gtest/gtest.h>

namespace infinipot {
namespace {

constexpr auto global = LayerKind::global, local = LayerKind::local,
               recurrent = LayerKind::recurrent;

TEST(LayerPlan, Counts_the_layers_of_each_kind) {
    const LayerPlan plan({local, local, global, recurrent, local, global});
    EXPECT_EQ(plan.n_layer(), 6);
    EXPECT_EQ(plan.n(global), 2);
    EXPECT_EQ(plan.n(local), 3);
    EXPECT_EQ(plan.n(recurrent), 1);
    EXPECT_EQ(plan.index(0), 0);
    EXPECT_EQ(plan.index(4), 2);
    EXPECT_EQ(plan.index(5), 1);
    EXPECT_EQ(plan.kind(3), recurrent);
}

TEST(LayerPlan, Puts_global_layers_into_the_pot_alone) {
    const LayerPlan plan({local, local, global, recurrent, local, global});
    EXPECT_EQ(plan.layer_of_pot(0), 2);
    EXPECT_EQ(plan.layer_of_pot(1), 5);
    EXPECT_EQ(plan.local_layer(0), 0);
    EXPECT_EQ(plan.local_layer(2), 4);
}

TEST(LayerPlan, Puts_local_layers_into_the_pot_if_none_is_global) {
    const LayerPlan plan({local, recurrent, local});
    EXPECT_EQ(plan.n(global), 2);
    EXPECT_EQ(plan.n(local), 0);
    EXPECT_EQ(plan.kind(2), global);
    EXPECT_EQ(plan.layer_of_pot(1), 2);
}

}  // namespace
}  // namespace infinipot
