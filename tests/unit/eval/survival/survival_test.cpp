#include "eval/survival/survival.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "eval/survival/summary.h"
#include "support/layer.h"

namespace infinipot::eval {
namespace {

using Places = std::vector<std::int64_t>;  // in the stream, ascending

/// Keeps the highest surprisals, and says so of what it needs and how it is run.
class MostSurprising final : public EvictionPolicy {
   public:
    std::string spec() const override { return "most_surprising"; }
    Needs needs() const override { return {.surprisal = true}; }
    Schedule schedule() const override { return Schedule::at_end; }
    Positions positions() const override { return Positions::keep; }
    void select(const LayerView& view, std::span<Keep> heads) const override {
        for (int head = 0; head < view.n_head_kv; ++head) {
            heads[static_cast<std::size_t>(head)].fill_best(view.surprisal[head]);
        }
    }
};

class HandMade : public testing::Test {
   protected:
    HandMade() { select({{5, 1, 4, 2}, {1, 5, 2, 4}}, {0, 1, 2, 3, 0, 1, 2, 3}, 2); }

    void select(const Layer::Rows& surprisal, const Places& position, int n_keep) {
        Layer layer = Layer::of({}, surprisal);
        layer.position = position;
        kept_ = kept_slots(policy_, layer, n_keep);
    }

    std::shared_ptr<Survival> record_ = std::make_shared<Survival>(1, 2);
    PolicyPtr policy_ = recording(std::make_shared<MostSurprising>(), record_);
    std::vector<std::vector<int>> kept_;
};

TEST_F(HandMade, A_recorded_policy_runs_unchanged_and_also_needs_positions) {
    EXPECT_EQ(policy_->spec(), "most_surprising");
    EXPECT_EQ(policy_->needs(), (Needs{.surprisal = true, .position = true}));
    EXPECT_EQ(policy_->schedule(), Schedule::at_end);
    EXPECT_EQ(policy_->positions(), Positions::keep);
    EXPECT_EQ(kept_, (std::vector<std::vector<int>>{{0, 2}, {1, 3}}));
}

TEST_F(HandMade, The_record_holds_when_each_entry_was_evicted) {
    // Slots are now others: head 0 holds positions 0 and 2, head 1 holds 1 and 3, and 4 is new.
    select({{5, 4, 9}, {5, 9, 4}}, {0, 2, 4, 1, 3, 4}, 2);
    EXPECT_EQ(record_->n_distillations(), 2u);
    EXPECT_EQ(record_->tokens_read(1), 4);
    EXPECT_EQ(record_->tokens_read(2), 5);
    EXPECT_EQ(record_->survivors(1, 0, 0), (Places{0, 2}));
    EXPECT_EQ(record_->survivors(1, 0, 1), (Places{1, 3}));
    EXPECT_EQ(record_->survivors(2, 0, 0), (Places{0, 4}));
    EXPECT_EQ(record_->survivors(2, 0, 1), (Places{1, 3}));
    EXPECT_EQ(record_->left_at(0, 0, 1), 1u);
    EXPECT_EQ(record_->left_at(0, 0, 2), 2u);
    EXPECT_EQ(record_->left_at(0, 1, 4), 2u);
    EXPECT_EQ(record_->left_at(0, 1, 1), Survival::never);
    EXPECT_EQ(record_->left_at(0, 0, 1000), Survival::never);
    EXPECT_EQ(record_->n_holding(2), (std::vector<int>{1, 1, 0, 1, 1}));
}

TEST_F(HandMade, A_summary_counts_tokens_and_averages_surprisal) {
    select({{5, 4, 9}, {1, 0, 9}}, {0, 2, 4, 1, 3, 4}, 2);  // {0, 4} and {1, 4} stay
    const std::vector<float> nats = {1, 2, 3, 4, 5};
    const SurvivalSummary summary = summarise(*record_, nats, 2);
    EXPECT_EQ(summary.tokens_read, 5);
    EXPECT_DOUBLE_EQ(summary.kept_by_any, 0.6);
    EXPECT_DOUBLE_EQ(summary.kept_by_half, 0.6);  // one of two heads is half of them
    EXPECT_DOUBLE_EQ(summary.kept_by_all, 0.2);
    EXPECT_DOUBLE_EQ(summary.kept_by_one, 0.4);
    EXPECT_DOUBLE_EQ(summary.nats_of_kept, (1 + 5 + 2 + 5) / 4.0);
    EXPECT_DOUBLE_EQ(summary.nats_of_dropped, (3 + 4) / 2.0);
    EXPECT_DOUBLE_EQ(summary.overlap_of_heads, 0.5);
    EXPECT_DOUBLE_EQ(summary.overlap_of_layers, 1);  // there is one layer
}

TEST(Survival, Compares_heads_of_one_layer_and_of_different_layers) {
    // Two layers of two heads; three tokens, one of which each head evicts.
    Survival survival(2, 2);
    const std::vector<std::vector<int>> dropped = {{0, 0}, {0, 1}};
    for (int il = 0; il < 2; ++il) {
        Layer layer{.n_head_kv = 2, .n_kv = 3, .n_new = 3, .position = {0, 1, 2, 0, 1, 2}};
        LayerView view = layer.view();
        view.layer = il;
        std::vector<Keep> heads(2, Keep(3, 2));
        for (std::size_t head = 0; head < 2; ++head) {
            const int gone = dropped[static_cast<std::size_t>(il)][head];
            std::vector<float> score(3, 1.0f);
            score[static_cast<std::size_t>(gone)] = 0;
            heads[head].fill_best(score);
        }
        survival.record(view, heads);
    }
    const std::vector<float> nats(3, 1.0f);
    const SurvivalSummary summary = summarise(survival, nats, 1);
    EXPECT_EQ(survival.n_holding(1, 1), (std::vector<int>{1, 1, 2}));
    EXPECT_DOUBLE_EQ(summary.overlap_of_heads, (1 + 0.5) / 2);  // the first layer's agree
    EXPECT_DOUBLE_EQ(summary.overlap_of_layers, (1 + 0.5 + 1 + 0.5) / 4);
}

TEST(Survival, Samples_distillations_evenly_and_includes_the_last) {
    Survival survival(1, 1);
    EXPECT_TRUE(sample_of_distillations(survival, 3).empty());
    for (std::int64_t n = 1; n <= 10; ++n) {
        const Layer layer{.n_head_kv = 1, .n_kv = 1, .n_new = 1, .position = {n - 1}};
        std::vector<Keep> heads(1, Keep(1, 0));
        survival.record(layer.view(), heads);
    }
    EXPECT_EQ(sample_of_distillations(survival, 3), (std::vector<std::uint32_t>{3, 6, 10}));
    EXPECT_EQ(sample_of_distillations(survival, 10).size(), 10u);
    EXPECT_EQ(sample_of_distillations(survival, 99).size(), 10u);
}

}  // namespace
}  // namespace infinipot::eval
