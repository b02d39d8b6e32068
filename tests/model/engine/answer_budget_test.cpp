#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/generation_impl.h"
#include "model/access.h"
#include "model/model_impl.h"
#include "support/random_cache.h"
#include "support/session_fixture.h"

// Questions that see only a part of what the pot holds.

namespace infinipot {
namespace {

/// Returns the number of entries that an answer to a question of n tokens sees at its beginning.
int n_seen(Session& reader, const std::string& question) {
    Generation answer = reader.ask(question, {.max_tokens = 3});
    return reader.stats().n_kv;
}

class AutomaticAnswerBudget : public SessionTest {
   protected:
    SessionOptions automatic() const {
        SessionOptions choice = options();
        choice.answer_budget = {AnswerBudget::automatic};
        return choice;
    }
};

TEST_F(SessionTest, A_question_sees_its_answer_budget_and_leaves_no_trace) {
    const std::string question = "who was not far, and when she came home?";
    SessionOptions focused = options();
    focused.answer_budget = {AnswerBudget::fixed, 40};
    Session reader(model_, focused);
    Session unfocused = session();
    for (const unsigned seed : {3u, 9u}) {
        for (Session* each : {&reader, &unfocused}) {
            each->ingest(words(350, seed));
            each->flush();
        }
        const std::string before = contents(reader);
        ASSERT_EQ(before, contents(unfocused));
        const int n_kv = reader.stats().n_kv;
        ASSERT_GT(n_kv, 40);
        const int n_question = n_seen(unfocused, question) - n_kv;
        EXPECT_EQ(n_seen(reader, question), 40 + n_question);
        const std::string first = reader.ask(question, {.max_tokens = 20}).text();
        EXPECT_EQ(contents(reader), before);
        { Generation dropped = reader.ask(question); }
        EXPECT_EQ(reader.ask(question, {.max_tokens = 20}).text(), first);
        EXPECT_EQ(contents(reader), before);
        EXPECT_EQ(reader.stats().n_kv, n_kv);
    }
    EXPECT_LE(reader.stats().peak_n_kv, 256);
}

TEST_F(SessionTest, An_answer_budget_of_at_least_all_entries_changes_nothing) {
    SessionOptions focused = options();
    focused.answer_budget = {AnswerBudget::fixed, 200};
    Session reader(model_, focused);
    Session unfocused = session();
    std::string answers[2];
    for (Session* each : {&reader, &unfocused}) {
        each->ingest(words(100));
        answers[each == &reader] = each->ask("who was not far?", {.max_tokens = 20}).text();
    }
    EXPECT_EQ(answers[0], answers[1]);
}

/// Returns the model's confidence in the first words of an answer that sees so many entries.
double confidence(Session& session, const std::string& question, int focus) {
    Session::Impl& impl = Access::impl(session);
    const auto prompt =
        frame_question(Access::impl(impl.model()), impl.plan().frame, question, true);
    impl.attend(prompt);
    return Generation::Impl(impl, prompt, {}, {.answer_budget = focus}).confidence(8, -1e9);
}

TEST_F(AutomaticAnswerBudget, Is_chosen_by_confidence) {
    std::map<int, int> n_chosen;
    for (unsigned seed = 1; seed <= 24; ++seed) {
        Session reader(model_, automatic());
        reader.ingest(words(350, seed));
        reader.flush();
        const std::string question = words(7, seed + 100), before = contents(reader);
        const double all = confidence(reader, question, 0);
        const double half = confidence(reader, question, 128);
        const double eighth = confidence(reader, question, 32);
        const int surer = half >= eighth ? 128 : 32;
        const int expected = std::max(half, eighth) > all + 0.5 ? surer : 0;
        const std::string text = reader.ask(question, {.max_tokens = 12}).text();
        EXPECT_EQ(reader.stats().answer_budget, expected) << seed;
        EXPECT_EQ(reader.stats().tokens_generated, 12u);
        EXPECT_EQ(contents(reader), before);
        ++n_chosen[expected];

        SessionOptions told = options();
        if (expected > 0) told.answer_budget = {AnswerBudget::fixed, expected};
        Session same(model_, told);
        same.ingest(words(350, seed));
        EXPECT_EQ(same.ask(question, {.max_tokens = 12}).text(), text);
    }
    EXPECT_EQ(n_chosen.size(), 3u) << "one of the three was never chosen";
}

/// Mean ln P of the tokens that are written, of which the answer's end is one.
TEST_F(SessionTest, Confidence_is_the_mean_log_probability_of_the_answer) {
    Session reader = session();
    reader.ingest(words(100));
    reader.flush();
    Session::Impl& impl = Access::impl(reader);
    const auto prompt = frame_question(Access::impl(impl.model()), impl.plan().frame, "who?", true);
    const auto before = impl.mark();
    impl.read(prompt, false);
    double nats = 0;
    std::vector<Token> tokens;
    for (int i = 0; i < 4; ++i) {
        const auto logits = impl.logits();
        const auto best = std::ranges::max_element(logits);
        double sum = 0;
        for (const float logit : logits) sum += std::exp(double{logit} - *best);
        nats += std::log(sum);
        tokens.push_back(static_cast<Token>(best - logits.begin()));
        impl.read_generated(tokens.back(), false);
    }
    impl.rewind(before);
    const auto of_first = [&](const GenerateOptions& options, double least) {
        return Generation::Impl(impl, prompt, options, {}).confidence(4, least);
    };
    const double all = of_first({}, -1e9);
    EXPECT_NEAR(all, -nats / 4, 1e-5);
    EXPECT_EQ(of_first({}, all), all) << "it reaches that";
    EXPECT_LT(of_first({}, all + 0.01), all + 0.01) << "it does not";
    EXPECT_LT(of_first({}, -1e-9), -1e-9) << "nor that, as the first token shows";
    EXPECT_NE(of_first({.stop_tokens = {tokens[0]}}, -1e9), all);
    EXPECT_NEAR(of_first({.min_tokens = 4, .stop_tokens = {599}}, -1e9), all, 1e-5);
}

TEST_F(AutomaticAnswerBudget, A_text_without_evictions_is_seen_as_a_whole) {
    SessionOptions whole = options();
    whole.answer_budget = {};
    for (unsigned seed = 1; seed <= 8; ++seed) {
        Session reader(model_, automatic()), unfocused(model_, whole);
        for (Session* each : {&reader, &unfocused}) each->ingest(words(80, seed));
        const std::string question = words(7, seed + 100);
        EXPECT_EQ(reader.ask(question, {.max_tokens = 12}).text(),
                  unfocused.ask(question, {.max_tokens = 12}).text());
        EXPECT_EQ(reader.stats().distillations, 0u);
        EXPECT_EQ(reader.stats().answer_budget, 0);
        EXPECT_GT(reader.stats().n_kv, 128);
    }
}

/// Reading one of more than an eighth of the capacity five times would take too long.
TEST_F(AutomaticAnswerBudget, A_long_question_sees_all_entries) {
    std::map<int, int> n_chosen;
    for (const int n_words : {7, 22}) {
        for (unsigned seed = 1; seed <= 12; ++seed) {
            Session reader(model_, automatic());
            reader.ingest(words(350, seed));
            reader.ask(words(n_words, seed + 100), {.max_tokens = 1});
            n_chosen[n_words] += reader.stats().answer_budget > 0 ? 1 : 0;
        }
    }
    EXPECT_GT(n_chosen[7], 0);
    EXPECT_EQ(n_chosen[22], 0);
}

TEST_F(AutomaticAnswerBudget, Is_all_if_the_question_cannot_choose) {
    const auto focus = [&](const std::string& policy, std::optional<Schedule> schedule = {},
                           std::optional<Positions> positions = {}) {
        SessionOptions choice = automatic();
        choice.policy = make_policy(policy);
        choice.schedule = schedule;
        choice.positions = positions;
        return Session(model_, choice).options().answer_budget.rule;
    };
    EXPECT_EQ(focus("infinipot"), AnswerBudget::automatic);
    EXPECT_EQ(focus("infinipot:share=none,pool=1,novelty_pool=1"), AnswerBudget::automatic);
    EXPECT_EQ(focus("infinipot:novelty=1"), AnswerBudget::all);
    EXPECT_EQ(focus("infinipot:probe=last"), AnswerBudget::all);
    EXPECT_EQ(focus("streaming_llm"), AnswerBudget::all);
    EXPECT_EQ(focus("full"), AnswerBudget::all);
    EXPECT_EQ(focus("infinipot", Schedule::at_end), AnswerBudget::all);
    EXPECT_EQ(focus("infinipot", {}, Positions{Positions::keep}), AnswerBudget::all);
}

/// A question must see the entries that a distillation with the question as catalyst keeps.
TEST_F(SessionTest, An_answer_budget_selects_as_a_distillation_for_the_question_would) {
    const std::string question = "who was not far, and when she came home?";
    SessionOptions distilling = options();
    distilling.framing = Framing::raw;
    distilling.catalyst = question;
    SessionOptions focused = distilling;
    focused.answer_budget = {AnswerBudget::fixed, 96};
    distilling.budget.retain = 96;
    distilling.budget.protect_recent = 0;
    focused.budget.protect_recent = 0;
    Session expected(model_, distilling), reader(model_, focused);
    for (Session* each : {&expected, &reader}) {
        each->ingest(words(150));
        each->flush();
    }
    const Generation answer = reader.ask(question, {.max_tokens = 3});
    Access::impl(expected).distil();
    const KvCache& left = Access::impl(expected).cache();
    for (int il = 0; il < left.shape().n_layer; ++il) {
        for (int head = 0; head < left.shape().n_head_kv; ++head) {
            const auto seen = Access::impl(reader).cache().tags(il, head);
            const auto tags = left.tags(il, head);
            ASSERT_EQ(tags.size(), 96u);
            for (std::size_t j = 0; j < tags.size(); ++j) {
                EXPECT_EQ(seen[j].position, tags[j].position) << il << ", " << head << ", " << j;
                EXPECT_EQ(
                    row(left, left.rotated_keys(il), head, static_cast<int>(j)),
                    row(Access::impl(reader).cache(), Access::impl(reader).cache().rotated_keys(il),
                        head, static_cast<int>(j)));
            }
        }
    }
}

TEST_F(SessionTest, An_impossible_answer_budget_is_refused_with_a_sentence) {
    const auto refusal = [&](auto change) -> std::string {
        SessionOptions changed = options();
        changed.answer_budget = {AnswerBudget::fixed, 40};
        change(changed);
        try {
            const Session refused(model_, changed);
        } catch (const Error& error) {
            return error.what();
        }
        return "accepted";
    };
    EXPECT_EQ(refusal([](SessionOptions&) {}), "accepted");
    EXPECT_EQ(refusal([](SessionOptions& o) {
                  o.answer_budget = {AnswerBudget::fixed, 256};
              }),
              "an answer budget of 256 entries must be less than the capacity of 256");
    EXPECT_EQ(refusal([](SessionOptions& o) {
                  o.answer_budget = {AnswerBudget::fixed, -2};
              }),
              "the answer budget is -2 and must be at least 5");
    EXPECT_EQ(
        refusal([](SessionOptions& o) {
            o.policy = make_policy("tova");
            o.schedule = Schedule::when_full;
        }),
        "an answer budget of 40 entries is chosen with the question as catalyst, which policy "
        "tova:value_norm=none does not use; choose infinipot");
    EXPECT_EQ(refusal([](SessionOptions& o) { o.positions = Positions{Positions::keep}; }),
              "an answer budget of 40 entries wants schedule when-full and positions reset");
}

}  // namespace
}  // namespace infinipot
