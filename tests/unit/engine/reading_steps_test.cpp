#include "engine/reading_steps.h"

#include <gtest/gtest.h>

#include <vector>

namespace infinipot {

void PrintTo(const ReadingStep& step, std::ostream* out) {
    *out << step.n_tokens << " tokens" << (step.observed ? ", observed" : "")
         << (step.counts ? "" : ", not counted");
}

namespace {

/// A cache of 100 entries that is full for a text at 80 and keeps 40 of them.
Plan plan_of(Schedule schedule, AttentionProbe attention = AttentionProbe::none, int n_query = 0) {
    Plan plan;
    plan.options.schedule = schedule;
    plan.options.budget = {.capacity = 100, .retain = 40, .fill = true, .reserve = 20};
    plan.options.n_batch = 32;
    plan.needs.attention = attention;
    plan.needs.n_query = n_query;
    plan.fill_limit = 80;
    return plan;
}

ReadingState state_of(int n_kv) {
    return {.n_kv = n_kv, .room = 100 - n_kv, .tile = 10, .n_per_token = 7};
}

/// The steps that fill the cache, from n_kv entries to the fill limit.
std::vector<ReadingStep> steps_to_the_limit(const Plan& plan, int n_kv) {
    std::vector<ReadingStep> steps;
    while (n_kv < plan.fill_limit) {
        steps.push_back(next_step(plan, state_of(n_kv)));
        if (steps.back().n_tokens <= 0) break;
        n_kv += steps.back().n_tokens;
    }
    EXPECT_EQ(n_kv, plan.fill_limit);
    return steps;
}

using Steps = std::vector<ReadingStep>;

TEST(NextStep, Is_a_batch_that_ends_at_the_fill_limit) {
    EXPECT_EQ(steps_to_the_limit(plan_of(Schedule::when_full), 3),
              (Steps{{32, false}, {32, false}, {13, false}}));
}

TEST(NextStep, Observes_the_last_queries_before_the_fill_limit_in_tiles) {
    const Plan plan = plan_of(Schedule::when_full, AttentionProbe::recent, 15);
    EXPECT_EQ(steps_to_the_limit(plan, 0),
              (Steps{{32, false}, {32, false}, {1, false}, {10, true}, {5, true}}));
}

TEST(NextStep, Observes_no_recent_queries_of_a_text_that_is_evicted_at_its_end) {
    const Plan plan = plan_of(Schedule::at_end, AttentionProbe::recent, 15);
    EXPECT_EQ(steps_to_the_limit(plan, 40), (Steps{{32, false}, {8, false}}));
}

TEST(NextStep, Observes_everything_in_tiles_if_attention_accumulates) {
    const Plan plan = plan_of(Schedule::when_full, AttentionProbe::accumulated);
    EXPECT_EQ(steps_to_the_limit(plan, 55), (Steps{{10, true}, {10, true}, {5, true}}));
}

TEST(NextStep, Ends_at_each_half_of_the_cache_if_the_text_is_cut_before_reading) {
    EXPECT_EQ(steps_to_the_limit(plan_of(Schedule::before_reading), 0),
              (Steps{{32, false}, {8, false}, {32, false}, {8, false}}));
}

TEST(NextStep, Is_what_per_token_eviction_takes_once_the_cache_is_full) {
    const Plan plain = plan_of(Schedule::per_token);
    EXPECT_EQ(next_step(plain, state_of(79)), (ReadingStep{1, false}));
    EXPECT_EQ(next_step(plain, state_of(80)), (ReadingStep{7, false}));
    const Plan observing = plan_of(Schedule::per_token, AttentionProbe::recent, 1);
    EXPECT_EQ(next_step(observing, state_of(79)), (ReadingStep{1, false}));
    EXPECT_EQ(next_step(observing, state_of(80)), (ReadingStep{7, true}));
}

TEST(NextPromptStep, Uses_the_room_behind_the_fill_limit_only_for_a_prompt_that_is_forgotten) {
    const Plan plan = plan_of(Schedule::when_full);
    EXPECT_EQ(next_prompt_step(plan, state_of(75), 60, true, false), (ReadingStep{5, false}));
    EXPECT_EQ(next_prompt_step(plan, state_of(75), 60, false, false),
              (ReadingStep{25, false, false}));
    EXPECT_EQ(next_prompt_step(plan, state_of(75), 4, false, false),
              (ReadingStep{4, false, false}));
    EXPECT_EQ(next_prompt_step(plan, state_of(0), 60, false, false),
              (ReadingStep{32, false, false}));
}

TEST(NextPromptStep, Observes_the_last_queries_of_a_prompt_that_decides) {
    const Plan plan = plan_of(Schedule::at_end, AttentionProbe::recent, 15);
    EXPECT_EQ(next_prompt_step(plan, state_of(60), 20, false, true), (ReadingStep{5, false}));
    EXPECT_EQ(next_prompt_step(plan, state_of(65), 15, false, true), (ReadingStep{10, true}));
    EXPECT_EQ(next_prompt_step(plan, state_of(75), 5, false, true), (ReadingStep{5, true}));
    EXPECT_EQ(next_prompt_step(plan, state_of(65), 15, false, false),
              (ReadingStep{15, false, false}));
    EXPECT_EQ(next_prompt_step(plan, state_of(65), 15, true, false), (ReadingStep{15, false}));
}

TEST(NextPromptStep, Accumulates_attention_only_of_a_prompt_that_stays_or_decides) {
    const Plan plan = plan_of(Schedule::at_end, AttentionProbe::accumulated);
    EXPECT_EQ(next_prompt_step(plan, state_of(50), 20, true, false), (ReadingStep{10, true}));
    EXPECT_EQ(next_prompt_step(plan, state_of(50), 20, false, true), (ReadingStep{10, true}));
    EXPECT_EQ(next_prompt_step(plan, state_of(50), 20, false, false),
              (ReadingStep{20, false, false}));
}

TEST(MustWait, Holds_a_full_cache_until_a_chunk_is_known) {
    Plan plan = plan_of(Schedule::when_full);
    EXPECT_TRUE(must_wait(plan, 80, 39));
    EXPECT_FALSE(must_wait(plan, 80, 40));
    EXPECT_FALSE(must_wait(plan, 79, 1));
    plan.options.budget.fill = false;
    EXPECT_FALSE(must_wait(plan, 80, 39));
}

TEST(MustWait, Holds_the_second_half_of_a_text_that_is_cut_before_reading) {
    const Plan plan = plan_of(Schedule::before_reading);
    EXPECT_FALSE(must_wait(plan, 39, 1000));
    EXPECT_TRUE(must_wait(plan, 40, 1000));
}

TEST(DecidesEviction, Is_true_at_the_end_of_a_text_that_exceeds_what_is_retained) {
    EXPECT_FALSE(decides_eviction(plan_of(Schedule::at_end), 35, 5));
    EXPECT_TRUE(decides_eviction(plan_of(Schedule::at_end), 35, 6));
    EXPECT_FALSE(decides_eviction(plan_of(Schedule::when_full), 35, 6));
}

TEST(NextDistillation, Makes_room_for_a_chunk_or_for_the_rest_of_the_text) {
    Plan plan = plan_of(Schedule::when_full);  // a chunk has 40 tokens, an eighth of it 5
    EXPECT_EQ(next_distillation(plan, unlimited), (Distillation{40, 0}));
    EXPECT_EQ(next_distillation(plan, 40), (Distillation{40, 0}));
    EXPECT_EQ(next_distillation(plan, 39), (Distillation{41, 1}));
    EXPECT_EQ(next_distillation(plan, 12), (Distillation{68, 28}));
    EXPECT_EQ(next_distillation(plan, 2), (Distillation{75, 35}));
    plan.options.budget.fill = false;
    EXPECT_EQ(next_distillation(plan, 12), (Distillation{40, 0}));
}

TEST(MinEvicted, Is_an_eighth_of_a_chunk_or_the_queries_that_are_observed) {
    EXPECT_EQ(min_evicted(plan_of(Schedule::when_full)), 5);
    EXPECT_EQ(min_evicted(plan_of(Schedule::when_full, AttentionProbe::recent, 15)), 15);
    Plan odd = plan_of(Schedule::when_full);
    odd.fill_limit = 81;
    EXPECT_EQ(min_evicted(odd), 6) << "rounded up";
}

TEST(LeftOutMiddle, Leaves_the_rest_of_the_first_half_and_all_of_the_second) {
    const Plan plan = plan_of(Schedule::before_reading);  // halves of 40
    EXPECT_EQ(left_out_middle(plan, 0, 200), (TokenRange{40, 120}));
    EXPECT_EQ(left_out_middle(plan, 30, 200), (TokenRange{10, 150}));
    EXPECT_EQ(left_out_middle(plan, 40, 41), (TokenRange{0, 1}));
    EXPECT_EQ(left_out_middle(plan, 50, 41), (TokenRange{0, 1}));
    EXPECT_EQ(left_out_middle(plan, 0, 80).n, 0u);
    EXPECT_EQ(left_out_middle(plan, 0, 5).n, 0u);
}

TEST(NObserved, Is_the_longest_run_of_tokens_whose_attention_is_measured) {
    const auto observed = [](AttentionProbe attention) {
        Plan plan = plan_of(Schedule::when_full, attention, 15);
        plan.catalyst = {1, 2, 3};
        return n_observed(plan);
    };
    EXPECT_EQ(observed(AttentionProbe::none), 0);
    EXPECT_EQ(observed(AttentionProbe::catalyst), 3);
    EXPECT_EQ(observed(AttentionProbe::recent), 15);
    EXPECT_EQ(observed(AttentionProbe::accumulated), 32);
    Plan choosing = plan_of(Schedule::when_full, AttentionProbe::catalyst);
    choosing.options.answer_budget = {AnswerBudget::fixed, 50};
    EXPECT_EQ(n_observed(choosing), 100) << "a question may fill the cache";
}

}  // namespace
}  // namespace infinipot
