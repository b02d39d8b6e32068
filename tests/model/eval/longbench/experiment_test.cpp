#include "eval/longbench/experiment.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "eval/run/prompt_session.h"
#include "infinipot/error.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

namespace infinipot::eval {
namespace {

class LongBenchExperimentTest : public testing::Test {
   protected:
    LongBenchExperimentTest() {
        run_.method.session.framing = Framing::raw;
        run_.method.session.budget = {.capacity = 256, .retain = 96};
        run_.method.session.n_threads = 2;
    }

    /// An item of triviaqa with its settings.
    LongBenchPrompt prompt(int n_words, const std::string& question, int max_tokens = 16) {
        std::string text;
        for (int i = 0; i < n_words; ++i) text += "the ";
        std::vector<LongBenchPrompt> prompts = {
            {&longbench_task("triviaqa"), max_tokens, {.id = "a", .prompt = {text, question}}, {}}};
        describe_all(prompts, run_, model_);
        return prompts.front();
    }

    int longest(const LongBenchPrompt& item) {
        return longest_prompt(run_, item, model_, prompt_options(run_.method));
    }

    const TempDir folder_;
    const Model model_ =
        Model::load(write_tiny_model({.n_embd_head = 32, .n_vocab = 600}, folder_.path()));
    LongBenchRun run_;
};

TEST_F(LongBenchExperimentTest, A_prompt_may_have_any_length_if_entries_are_evicted) {
    EXPECT_EQ(longest(prompt(10, "Who?")), 0);
}

TEST_F(LongBenchExperimentTest, A_requested_largest_length_is_kept) {
    run_.max_length = 100;
    EXPECT_EQ(longest(prompt(10, "Who?")), 100);
}

TEST_F(LongBenchExperimentTest, Truncation_fills_the_cache_up_to_the_room_for_the_answer) {
    run_.method.policy = "truncate";
    EXPECT_EQ(longest(prompt(10, "Who?", 16)), 256 - 16);
}

TEST_F(LongBenchExperimentTest, An_answer_that_leaves_no_room_for_a_prompt_does_not_fit) {
    run_.method.policy = "truncate";
    EXPECT_EQ(longest(prompt(10, "Who?", 240)), 16);
    try {
        longest(prompt(10, "Who?", 241));
        FAIL() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::does_not_fit);
    }
}

TEST_F(LongBenchExperimentTest, A_short_prompt_is_left_as_it_is) {
    run_.max_length = 100;
    const LongBenchPrompt item = prompt(10, "Who?");
    const LongBenchTrial trial = prepare(run_, item, model_);
    EXPECT_EQ(trial.n_cut, 0);
    EXPECT_EQ(trial.prompt.text, item.data.prompt.text);
    EXPECT_EQ(trial.prompt.question, "Who?");
}

TEST_F(LongBenchExperimentTest, A_long_prompt_loses_its_middle) {
    run_.max_length = 101;
    const LongBenchPrompt item = prompt(300, "Who?");
    const LongBenchTrial trial = prepare(run_, item, model_);
    EXPECT_EQ(trial.n_cut, n_prompt_tokens(model_, item.data.prompt) - 100);
    EXPECT_LT(trial.prompt.text.size(), item.data.prompt.text.size());
    EXPECT_EQ(trial.prompt.question, "Who?");
}

TEST_F(LongBenchExperimentTest, A_question_takes_at_most_a_quarter_of_the_cache) {
    const std::string question = prompt(200, "").data.prompt.text;
    const LongBenchPrompt item = prompt(10, question);
    const LongBenchTrial trial = prepare(run_, item, model_);
    EXPECT_LE(trial.n_question_tokens, 256 / 4);
    EXPECT_GT(trial.n_question_tokens, 256 / 4 - 4);
    EXPECT_EQ(trial.prompt.text + trial.prompt.question, item.data.prompt.text + question);
}

TEST_F(LongBenchExperimentTest, The_reserve_has_room_for_the_question_and_its_answer) {
    const LongBenchTrial trial = prepare(run_, prompt(10, "Who?", 16), model_);
    EXPECT_EQ(trial.session.budget.reserve, trial.n_question_tokens + 16);
    run_.method.session.budget.reserve = 77;
    EXPECT_EQ(prepare(run_, prompt(10, "Who?", 16), model_).session.budget.reserve, 77);
}

}  // namespace
}  // namespace infinipot::eval
