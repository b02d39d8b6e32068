#include "eval/run/method.h"

#include <gtest/gtest.h>

#include <string>

#include "eval/run/catalysts.h"
#include "infinipot/error.h"
#include "support/refusal.h"

namespace infinipot::eval {
namespace {

SessionOptions options(const Method& method) { return session_options(method, {"Who?", "When?"}); }

/// A method whose `member` is `value`.
template <typename T>
Method with(T Method::*member, const char* value) {
    Method method;
    method.*member = value;
    return method;
}

Method of_paper() {
    Method method;
    method.paper = true;
    return method;
}

TEST(Method, The_question_catalyst_is_all_questions) {
    EXPECT_EQ(options(with(&Method::catalyst, "question")).catalyst, "Who?\nWhen?");
}

TEST(Method, A_named_catalyst_is_its_text) {
    for (const Catalyst& catalyst : catalysts()) {
        EXPECT_EQ(options(with(&Method::catalyst, std::string(catalyst.name).c_str())).catalyst,
                  catalyst.text);
    }
}

TEST(Method, Any_other_catalyst_is_a_text_of_its_own) {
    EXPECT_EQ(options(with(&Method::catalyst, "Who is the murderer?")).catalyst,
              "Who is the murderer?");
}

TEST(Method, The_catalyst_none_is_refused_with_the_policies_that_need_none) {
    const auto sentence = refusal([] { options(with(&Method::catalyst, "none")); });
    EXPECT_NE(sentence.find("--policy infinipot"), std::string::npos) << sentence;
}

TEST(Method, A_catalyst_that_is_not_UTF_8_is_refused) {
    EXPECT_THROW(options(with(&Method::catalyst, "\xFF")), Error);
}

TEST(Method, An_unknown_policy_schedule_or_position_is_refused) {
    EXPECT_NE(refusal([] { options(with(&Method::policy, "no_such")); }), "");
    EXPECT_NE(refusal([] { options(with(&Method::schedule, "sometimes")); }), "");
    EXPECT_NE(refusal([] { options(with(&Method::positions, "elsewhere")); }), "");
}

TEST(Method, The_default_policy_is_infinipot) {
    EXPECT_EQ(options(Method()).policy->spec(), policies::infinipot()->spec());
}

TEST(Method, The_paper_protects_nothing_and_fills_nothing) {
    const SessionOptions paper = options(of_paper());
    EXPECT_EQ(paper.policy->spec(), policies::infinipot(policies::infinipot_of_the_paper)->spec());
    EXPECT_EQ(paper.budget.protect_first, 0);
    EXPECT_EQ(paper.budget.protect_recent, 0);
    EXPECT_FALSE(paper.budget.fill);
    EXPECT_EQ(paper.answer_budget, AnswerBudget());
}

TEST(Method, The_paper_does_not_override_explicit_settings) {
    Method method = of_paper();
    method.policy = "h2o";
    method.session.budget.protect_first = 7;
    method.session.budget.protect_recent = 9;
    const SessionOptions paper = options(method);
    EXPECT_EQ(paper.policy->spec(), make_policy("h2o")->spec());
    EXPECT_EQ(paper.budget.protect_first, 7);
    EXPECT_EQ(paper.budget.protect_recent, 9);
}

TEST(Method, Sessions_at_one_time_share_the_threads) {
    Method method;
    EXPECT_FALSE(options(method).n_threads);
    method.n_parallel = 1000;
    EXPECT_EQ(options(method).n_threads, 1);
    method.session.n_threads = 3;
    EXPECT_EQ(options(method).n_threads, 3);
}

TEST(Method, Native_kernels_compute_only_on_the_CPU) {
    ModelInfo model;
    model.device = "cpu";
    EXPECT_EQ(kernels_word(model, {.kernels = Kernels::native}), "native");
    EXPECT_EQ(kernels_word(model, {.kernels = Kernels::ggml}), "ggml");
    model.device = "cuda0";
    EXPECT_EQ(kernels_word(model, {.kernels = Kernels::native}), "ggml");
}

}  // namespace
}  // namespace infinipot::eval
