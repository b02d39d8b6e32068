#include "eval/ruler/experiment.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "infinipot/error.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

namespace infinipot::eval {
namespace {

class RulerExperimentTest : public testing::Test {
   protected:
    RulerExperimentTest() {
        run_.method.session.framing = Framing::raw;
        run_.method.session.budget = {.capacity = 256, .retain = 96};
        run_.method.session.n_threads = 2;
    }

    SessionOptions options() {
        return options_for(item_, ruler_readings(run_, model_).front(), model_);
    }

    std::vector<std::string> modes() {
        std::vector<std::string> all;
        for (const RulerReading& reading : ruler_readings(run_, model_)) {
            all.push_back(reading.described["mode"]);
        }
        return all;
    }

    int n_tokens(const std::string& text) { return static_cast<int>(model_.tokenize(text).size()); }

    const TempDir folder_;
    const Model model_ =
        Model::load(write_tiny_model({.n_embd_head = 32, .n_vocab = 600}, folder_.path()));
    const RulerItem item_ = {.text = "a text",
                             .question = "Which one?",
                             .answer_prefix = "It is",
                             .references = {"one"},
                             .max_tokens = 32,
                             .n_prompt_tokens = 8};
    RulerRun run_;
};

TEST_F(RulerExperimentTest, The_reserve_has_room_for_question_prefix_and_answer) {
    const SessionOptions made = options();
    EXPECT_EQ(made.budget.capacity, 256);
    EXPECT_EQ(made.budget.reserve, n_tokens("Which one?It is") + 32);
}

TEST_F(RulerExperimentTest, A_requested_reserve_is_kept) {
    run_.method.session.budget.reserve = 77;
    EXPECT_EQ(options().budget.reserve, 77);
}

TEST_F(RulerExperimentTest, A_query_aware_session_has_its_question_as_catalyst) {
    run_.mode = RulerMode::query_aware;
    EXPECT_EQ(options().catalyst, "Which one?");
    run_.mode = RulerMode::query_agnostic;
    EXPECT_EQ(options().catalyst.find("Which one?"), std::string::npos);
}

TEST_F(RulerExperimentTest, Mode_both_gives_two_readings_if_the_policy_supports_both) {
    run_.mode = RulerMode::both;
    EXPECT_EQ(modes(), (std::vector<std::string>{"query-agnostic", "query-aware"}));
    run_.method.policy = "streaming_llm";
    EXPECT_EQ(modes(), std::vector<std::string>{"query-agnostic"});
}

TEST_F(RulerExperimentTest, A_mode_that_the_policy_does_not_support_is_refused) {
    run_.method.policy = "streaming_llm";
    run_.mode = RulerMode::query_aware;
    EXPECT_THROW(modes(), Error);
}

}  // namespace
}  // namespace infinipot::eval
