#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "engine/session_impl.h"
#include "infinipot/infinipot.h"
#include "model/model_impl.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"
#include "text/segmenter.h"

// What sessions promise whenever entries leave: bounds, no trace of questions, the same pot however
// the text comes, and one sentence for what does not go together.
//
// Each of these turned tests red: queries of questions that count, an observation window that a
// question interrupts, a batch that runs on beyond the first half.

namespace infinipot {
namespace {

struct Way {
    const char* name;
    const char* spec;
    std::optional<Schedule> schedule = {};
    std::optional<Positions> positions = {};
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.spec; }

class ScheduleTest : public testing::Test {
   protected:
    ScheduleTest() : model_(Model::load(write_tiny_model({.n_vocab = 4000}, folder_.path()))) {}

    /// Words in no order, the same for the same seed, of at least so many tokens and hardly more.
    std::string text(int n_tokens, unsigned seed = 3) const {
        static const char* const known[] = {"the ", "time ", "was ",   "not ",   "far ", "when ",
                                            "she ", "came ", "home, ", "and ",   "all ", "the\n",
                                            "old ", "men ",  "sat ",   "still. "};
        std::string words;
        for (;;) {
            const auto n = static_cast<int>(model_.impl().vocabulary.tokenize(words).size());
            if (n >= n_tokens) break;
            for (int i = 0; i < (n_tokens - n + 3) / 4; ++i) {
                seed = seed * 1664525u + 1013904223u;
                words += known[seed >> 28];
            }
        }
        return words;
    }

    SessionOptions options(const Way& way) const {
        SessionOptions result;
        result.budget = {.capacity = 256, .retain = 96, .reserve = 64};
        result.policy = make_policy(way.spec);
        result.schedule = way.schedule;
        result.positions = way.positions;
        result.n_batch = 48;
        result.n_threads = 1;
        return result;
    }

    Session session(const Way& way) const { return Session(model_, options(way)); }

    TempDir folder_;
    Model model_;
};

/// Everything that a pot holds, bit for bit.
std::string contents(Session& session) {
    const KvCache& cache = session.impl().cache();
    std::string bytes;
    for (int il = 0; il < cache.shape().n_layer; ++il) {
        for (int head = 0; head < cache.shape().n_head_kv; ++head) {
            for (ggml_tensor* pot : {cache.keys(il), cache.rotated_keys(il), cache.values(il)}) {
                const auto* rows = static_cast<const char*>(pot->data) +
                                   static_cast<std::size_t>(head) * pot->nb[2];
                bytes.append(rows, static_cast<std::size_t>(cache.n()) * pot->nb[1]);
            }
            for (const Tag& tag : cache.tags(il, head)) {
                bytes += std::to_string(tag.position) + ":" + std::to_string(tag.surprisal) + " ";
            }
            for (const float attention : cache.attention(il, head)) {
                bytes += std::to_string(attention) + " ";
            }
        }
    }
    return bytes;
}

template <typename Action>
std::string sentence_of(Action action, ErrorCode expected) {
    try {
        action();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), expected) << error.what();
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
        return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

int n_tokens(const Session& session, const std::string& question) {
    Session::Impl& impl = const_cast<Session&>(session).impl();
    return static_cast<int>(frame_question(impl.model.impl(), impl.plan, question, true).size());
}

// --- Under every schedule ------------------------------------------------------------------------

const std::vector<Way> ways = {
    {"infinipot", "infinipot"},
    {"infinipot_without_catalyst", "infinipot:catalyst=0,carried=0,shared=1"},
    {"infinipot_positions_kept", "infinipot", {}, Positions::keep},
    {"streaming_llm", "streaming_llm"},
    {"swa", "swa"},
    {"h2o", "h2o"},
    {"h2o_when_full", "h2o", Schedule::when_full},
    {"tova", "tova"},
    {"sirllm", "sirllm"},
    {"sirllm_one_by_one", "sirllm", Schedule::per_token},
    {"snapkv_when_full", "snapkv", Schedule::when_full},
    {"keydiff", "keydiff"},
    {"expected_attention", "expected_attention"},
    {"l2norm", "l2norm"},
    {"random", "random"},
};

class EverySchedule : public ScheduleTest, public testing::WithParamInterface<Way> {};

/// More than a segment, so that not all of it waits for the end.
TEST_P(EverySchedule, Reading_in_one_call_or_in_many_leaves_the_same_pot) {
    const std::string all = text(2500);
    ASSERT_GT(all.size(), Segmenter::segment_bytes);
    Session at_once = session(GetParam()), in_steps = session(GetParam());
    at_once.ingest(all);
    at_once.flush();
    EXPECT_GE(at_once.stats().distillations, 3u);
    for (std::size_t at = 0; at < all.size(); at += 99) in_steps.ingest(all.substr(at, 99));
    in_steps.flush();
    EXPECT_TRUE(contents(in_steps) == contents(at_once));
}

/// Among the lengths are those where an observation window has begun and has not ended.
TEST_P(EverySchedule, Asking_leaves_no_trace_and_does_not_disturb_what_is_read_next) {
    for (const int n : {90, 175, 300}) {
        Session asked = session(GetParam()), unasked = session(GetParam());
        for (Session* reader : {&asked, &unasked}) {
            reader->ingest(text(n));
            reader->flush();
        }
        const std::string before = contents(asked);
        const std::string answer = asked.ask("who was not far?", {.max_tokens = 8}).text();
        asked.ask("another question about all the old men, who sat still?", {.max_tokens = 5})
            .text();
        EXPECT_EQ(asked.ask("who was not far?", {.max_tokens = 8}).text(), answer);
        EXPECT_TRUE(contents(asked) == before) << n << " tokens";
        for (Session* reader : {&asked, &unasked}) {
            reader->ingest(text(150, 9));
            reader->flush();
        }
        EXPECT_TRUE(contents(asked) == contents(unasked)) << n << " tokens, reading on";
    }
}

/// Interrupts between batches and, from another thread, inside them.
TEST_P(EverySchedule, An_interrupted_reading_goes_on_as_if_nothing_had_happened) {
    SessionOptions measured = options(GetParam());
    measured.measure_surprisal = true;  // a second forward pass that may be interrupted
    Session undisturbed(model_, measured), interrupted(model_, measured);
    const std::string all = text(250);
    undisturbed.ingest(all);
    undisturbed.flush();
    interrupted.ingest(all);
    std::atomic<bool> done = false;
    std::thread nuisance([&] {
        while (!done) {
            std::this_thread::sleep_for(std::chrono::milliseconds(4));
            interrupted.interrupt();
        }
    });
    int interruptions = 0;
    while (interruptions < 200) {
        try {
            interrupted.flush();
            break;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::interrupted);
            ++interruptions;
        }
    }
    done = true;
    nuisance.join();
    while (true) {  // the last one may still be pending
        try {
            interrupted.flush();
            break;
        } catch (const Error&) {
        }
    }
    EXPECT_TRUE(contents(interrupted) == contents(undisturbed)) << interruptions;
}

TEST_P(EverySchedule, No_more_entries_than_the_capacity_exist_at_any_time) {
    Session reader = session(GetParam());
    const bool per_token = reader.impl().plan.schedule == Schedule::per_token;
    int batches = 0;
    reader.ingest(text(500));
    reader.flush({[&](const Progress&) {
        EXPECT_LE(reader.stats().n_kv, per_token ? 96 : 192);
        ++batches;
    }});
    EXPECT_GE(batches, 8);
    EXPECT_LE(reader.stats().peak_n_kv, per_token ? 97 : 256);
    EXPECT_FALSE(reader.ask("who?", {.max_tokens = 500}).text().empty());
    reader.generate(" and", {.max_tokens = 200}).text();
    EXPECT_LE(reader.stats().peak_n_kv, 256);
}

INSTANTIATE_TEST_SUITE_P(Ways, EverySchedule, testing::ValuesIn(ways),
                         [](const auto& test_case) { return test_case.param.name; });

TEST_F(ScheduleTest, One_by_one_keeps_room_for_a_question_by_itself) {
    SessionOptions automatic = options({"", "streaming_llm"});
    automatic.budget = {.capacity = 256};
    Session reader(model_, automatic);
    EXPECT_EQ(reader.budget().retain, 256 - 32);
    reader.ingest(text(400));
    reader.flush();
    EXPECT_EQ(reader.stats().n_kv, 224);
    EXPECT_EQ(reader.stats().peak_n_kv, 225);
}

TEST_F(ScheduleTest, One_by_one_never_lets_a_policy_that_refuses_fill_the_pot) {
    Session reader = session({"", "full", Schedule::per_token});
    reader.ingest(text(400));
    for (int attempt = 0; attempt < 3; ++attempt) {
        sentence_of([&] { reader.flush(); }, ErrorCode::does_not_fit);
        EXPECT_EQ(reader.stats().n_kv, 97);
    }
}

class InTurns : public ScheduleTest, public testing::WithParamInterface<Way> {
   protected:
    /// Stream positions of all entries in reading order, head by head.
    static std::vector<std::int64_t> held(Session& reader) {
        Session::Impl& impl = reader.impl();
        const CacheShape& shape = impl.cache().shape();
        std::vector<std::int64_t> result;
        for (int index = 0; index < shape.n_layer * shape.n_head_kv; ++index) {
            const auto tags = impl.cache().tags(index / shape.n_head_kv, index % shape.n_head_kv);
            for (const int slot : impl.per_token()->order().slots(index)) {
                result.push_back(tags[static_cast<std::size_t>(slot)].position);
            }
        }
        return result;
    }
};

/// Long enough for positions to start anew.
TEST_P(InTurns, Tokens_of_a_batch_leave_what_they_leave_one_at_a_time) {
    SessionOptions on_two_threads = options(GetParam());
    on_two_threads.n_threads = 2;
    Session together(model_, on_two_threads), alone = session(GetParam());
    const std::vector<Token> tokens = model_.impl().vocabulary.tokenize(text(800));
    const auto filling = std::span(tokens).first(97), rest = std::span(tokens).subspan(97);
    together.impl().read(filling, true);
    together.impl().read(rest, true);
    alone.impl().read(filling, true);
    for (const Token& token : rest) alone.impl().read({&token, 1}, true);

    EXPECT_EQ(held(together), held(alone));
    EXPECT_EQ(together.stats().distillations, alone.stats().distillations);
    for (std::size_t i = 0; i < together.impl().logits().size(); ++i) {
        ASSERT_NEAR(together.impl().logits()[i], alone.impl().logits()[i], 0.05) << "token " << i;
    }
}

INSTANTIATE_TEST_SUITE_P(Ways, InTurns,
                         testing::Values(Way{"streaming_llm", "streaming_llm"}, Way{"swa", "swa"},
                                         Way{"h2o", "h2o"}, Way{"tova", "tova"},
                                         Way{"h2o_positions_kept", "h2o", {}, Positions::keep},
                                         Way{"keydiff", "keydiff", Schedule::per_token},
                                         Way{"random", "random", Schedule::per_token}),
                         [](const auto& way) { return way.param.name; });

/// Draws its entries by lot, another for each layer that it is asked about.
class Draws : public EvictionPolicy {
   public:
    explicit Draws(std::atomic<int>& n_calls) : n_calls_(n_calls) {}
    std::string spec() const override { return "draws"; }
    Needs needs() const override {
        return {.attention = AttentionProbe::catalyst, .across_layers = true};
    }
    void select(const LayerView& view, std::span<Keep> heads) const override {
        ++n_calls_;
        EXPECT_EQ(view.layer, 0);
        std::minstd_rand engine(static_cast<unsigned>(n_calls_));
        for (Keep& keep : heads) {
            std::vector<float> lots(static_cast<std::size_t>(view.n_kv));
            for (float& lot : lots) lot = static_cast<float>(engine());
            keep.fill_best(lots);
        }
    }

   private:
    std::atomic<int>& n_calls_;
};

TEST_F(ScheduleTest, A_policy_across_layers_is_asked_once_for_all_of_them) {
    std::atomic<int> n_calls{0};
    SessionOptions drawing = options({"", "infinipot"});
    drawing.policy = std::make_shared<Draws>(n_calls);
    Session reader(model_, drawing);
    reader.ingest(text(400));
    reader.flush();
    ASSERT_GE(reader.stats().distillations, 3u);
    EXPECT_EQ(static_cast<std::uint64_t>(n_calls), reader.stats().distillations);
    const KvCache& cache = reader.impl().cache();
    ASSERT_GE(cache.shape().n_layer, 2);
    const auto places = [&](int il, int head) {
        std::vector<std::int64_t> positions;
        for (const Tag& tag : cache.tags(il, head)) positions.push_back(tag.position);
        return positions;
    };
    EXPECT_NE(places(0, 0), places(0, 1)) << "heads draw apart";
    for (int il = 1; il < cache.shape().n_layer; ++il) {
        EXPECT_EQ(places(il, 0), places(0, 0));
        EXPECT_EQ(places(il, 1), places(0, 1));
    }
    drawing.schedule = Schedule::per_token;
    EXPECT_THROW(Session(model_, drawing), Error);
}

/// A policy of the user's that changes its mind.
class RefusesLater : public EvictionPolicy {
   public:
    explicit RefusesLater(std::atomic<int>& n_calls) : n_calls_(n_calls) {}
    std::string spec() const override { return "refuses_later"; }
    Needs needs() const override { return {}; }
    Schedule schedule() const override { return Schedule::per_token; }
    void select(const LayerView&, std::span<Keep> heads) const override {
        if (++n_calls_ == 100) throw Error(ErrorCode::does_not_fit, "no more");
        for (Keep& keep : heads) keep.fill_recent();
    }

   private:
    std::atomic<int>& n_calls_;
};

TEST_F(ScheduleTest, One_by_one_goes_on_after_a_policy_has_thrown_in_the_midst_of_a_batch) {
    std::atomic<int> n_calls{0};
    SessionOptions refusing = options({"", "streaming_llm"});
    refusing.policy = std::make_shared<RefusesLater>(n_calls);
    Session reader(model_, refusing);
    EXPECT_EQ(sentence_of(
                  [&] {
                      reader.ingest(text(400));
                      reader.flush();
                  },
                  ErrorCode::does_not_fit),
              "no more");
    reader.flush();
    EXPECT_EQ(reader.stats().n_kv, 96);
    EXPECT_EQ(reader.stats().distillations, reader.stats().tokens_read - 96);
}

// --- At the end ----------------------------------------------------------------------------------

const Way at_end_ways[] = {
    {"snapkv", "snapkv:window=16"},
    {"snapkv_window_longer_than_the_question", "snapkv"},
    {"h2o", "h2o", Schedule::at_end},
    {"infinipot", "infinipot", Schedule::at_end},
    {"expected_attention", "expected_attention", Schedule::at_end},
    {"l2norm", "l2norm", Schedule::at_end, Positions::keep},
};

class AtEnd : public ScheduleTest, public testing::WithParamInterface<Way> {
   protected:
    const std::string question_ =
        "who was not far when all the old men came home, and who sat still?";
};

TEST_P(AtEnd, The_pot_holds_what_is_retained_with_the_question_and_then_the_text_alone) {
    Session reader = session(GetParam());
    reader.ingest(text(120));
    reader.flush();
    EXPECT_GT(reader.stats().n_kv, 96);
    EXPECT_EQ(reader.stats().distillations, 0u);
    const int n_question = n_tokens(reader, question_);
    ASSERT_GE(n_question, 16);
    {
        const Generation answer = reader.ask(question_, {.max_tokens = 1});
        EXPECT_EQ(reader.stats().n_kv, 96);
        const std::int64_t newest = reader.impl().cache().tags(0, 0).back().position;
        for (int i = 0; i < n_question; ++i) {  // a window no longer than it included
            EXPECT_EQ(reader.impl().cache().tags(1, 1)[95u - static_cast<std::size_t>(i)].position,
                      newest - i);
        }
    }
    EXPECT_EQ(reader.stats().distillations, 1u);
    EXPECT_EQ(reader.stats().n_kv, 96 - n_question);
    EXPECT_LE(reader.stats().peak_n_kv, 256);
}

TEST_P(AtEnd, Later_questions_are_answered_from_what_the_first_has_left) {
    Session reader = session(GetParam());
    reader.ingest(text(120));
    reader.ask(question_, {.max_tokens = 5}).text();
    const std::string before = contents(reader);
    const std::string second = reader.ask("who sat still?", {.max_tokens = 12}).text();
    reader.ask(question_, {.max_tokens = 30}).text();
    EXPECT_EQ(reader.ask("who sat still?", {.max_tokens = 12}).text(), second);
    EXPECT_TRUE(contents(reader) == before);
    EXPECT_EQ(reader.stats().distillations, 1u);
    reader.ingest(text(60, 4));
    reader.ask(question_, {.max_tokens = 5}).text();
    EXPECT_EQ(reader.stats().distillations, 2u);
    EXPECT_EQ(reader.stats().n_kv, 96 - n_tokens(reader, question_));
}

TEST_P(AtEnd, A_question_that_lets_nothing_go_leaves_no_trace) {
    Session asked = session(GetParam()), unasked = session(GetParam());
    for (Session* reader : {&asked, &unasked}) {
        reader->ingest(text(40));
        reader->flush();
    }
    asked.ask("who?", {.max_tokens = 5}).text();
    asked.ask("who was not far?", {.max_tokens = 5}).text();
    EXPECT_EQ(asked.stats().distillations, 0u);
    EXPECT_TRUE(contents(asked) == contents(unasked));
    for (Session* reader : {&asked, &unasked}) {
        reader->ingest(text(70, 4));
        reader->ask(question_, {.max_tokens = 5}).text();
    }
    EXPECT_EQ(asked.stats().distillations, 1u);
    EXPECT_TRUE(contents(asked) == contents(unasked));
}

TEST_P(AtEnd, Reading_in_one_call_or_in_many_leaves_the_same_pot) {
    const std::string all = text(120);
    Session at_once = session(GetParam()), in_steps = session(GetParam());
    at_once.ingest(all);
    for (std::size_t at = 0; at < all.size(); at += 5) in_steps.ingest(all.substr(at, 5));
    for (Session* reader : {&at_once, &in_steps}) reader->ask(question_, {.max_tokens = 3}).text();
    EXPECT_TRUE(contents(at_once) == contents(in_steps));
}

TEST_P(AtEnd, What_does_not_fit_is_refused_with_one_sentence) {
    Session reader = session(GetParam());
    EXPECT_NE(sentence_of(
                  [&] {
                      reader.ingest(text(400));
                      reader.flush();
                  },
                  ErrorCode::does_not_fit)
                  .find("schedule"),
              std::string::npos);
    Session filled = session(GetParam());
    filled.ingest(text(140));
    filled.flush();
    const std::string before = contents(filled);
    // Fewer tokens than the pot has room for, but more than are retained; and then too many as
    // well.
    for (const int n : {100, 200}) {
        sentence_of([&] { filled.ask(text(n)); }, ErrorCode::does_not_fit);
        EXPECT_TRUE(contents(filled) == before);
    }
    EXPECT_FALSE(filled.ask(question_, {.max_tokens = 100}).text().empty());
    EXPECT_LE(filled.stats().peak_n_kv, 256);
}

INSTANTIATE_TEST_SUITE_P(Ways, AtEnd, testing::ValuesIn(at_end_ways),
                         [](const auto& test_case) { return test_case.param.name; });

TEST_F(ScheduleTest, The_catalyst_has_room_behind_the_longest_question) {
    SessionOptions tight = options({"", "infinipot", Schedule::at_end});
    tight.budget = {.capacity = 256, .retain = 100, .reserve = 40};
    Session reader(model_, tight);
    const int n_catalyst = static_cast<int>(reader.impl().plan.catalyst.size());
    reader.ingest(text(256 - n_catalyst - 40 - 4));
    reader.flush();
    ASSERT_GT(reader.stats().n_kv, 100);
    sentence_of([&] { reader.ask(text(60)); }, ErrorCode::does_not_fit);
    EXPECT_FALSE(reader.ask(text(36), {.max_tokens = 3}).text().empty());
    EXPECT_EQ(reader.stats().distillations, 1u);
    EXPECT_LE(reader.stats().peak_n_kv, 256);
    EXPECT_GE(reader.stats().peak_n_kv, 246);
}

// --- Before reading ------------------------------------------------------------------------------

/// Tokens of the pot, in the order in which they were read.
std::vector<Token> read_tokens(Session& session) {
    std::vector<Token> tokens;
    for (const Tag& tag : session.impl().cache().tags(0, 0)) tokens.push_back(tag.token);
    return tokens;
}

std::vector<Token> tokens_of(const Session& session, const std::string& text) {
    Session::Impl& impl = const_cast<Session&>(session).impl();
    std::vector<Token> tokens = impl.plan.opening;
    const auto more = impl.model.impl().vocabulary.tokenize(text);
    tokens.insert(tokens.end(), more.begin(), more.end());
    return tokens;
}

/// With batches that do and do not divide the halves, which hold 96 tokens each.
TEST_F(ScheduleTest, Truncating_reads_the_first_and_the_last_half_of_what_fits) {
    for (const int wanted : {40, 180, 230, 400, 4000}) {
        for (const int n_batch : {48, 50, 512}) {
            for (const std::size_t step : {7u, 600u, 1u << 20}) {
                SessionOptions with_batch = options({"", "truncate"});
                with_batch.n_batch = n_batch;
                Session reader(model_, with_batch);
                const std::string all = text(wanted);
                for (std::size_t at = 0; at < all.size(); at += step)
                    reader.ingest(all.substr(at, step));
                reader.flush();
                std::vector<Token> expected = tokens_of(reader, all);
                const auto n = static_cast<std::ptrdiff_t>(expected.size());
                if (n > 192) expected.erase(expected.begin() + 96, expected.end() - 96);
                EXPECT_EQ(read_tokens(reader), expected)
                    << n << " tokens, batch " << n_batch << ", " << step << " bytes at a time";
                EXPECT_EQ(reader.stats().tokens_left_out,
                          static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(n - 192, 0)));
                EXPECT_EQ(reader.stats().tokens_read, expected.size());
            }
        }
    }
}

TEST_F(ScheduleTest, Truncating_ends_with_the_first_question) {
    Session reader = session({"", "truncate"});
    reader.ingest(text(500));
    const std::string answer = reader.ask("who?", {.max_tokens = 5}).text();
    const std::string before = contents(reader);
    EXPECT_EQ(reader.ask("who?", {.max_tokens = 5}).text(), answer);
    const std::string sentence = sentence_of(
        [&] {
            reader.ingest(text(20));
            reader.flush();
        },
        ErrorCode::does_not_fit);
    EXPECT_NE(sentence.find("before-reading"), std::string::npos) << sentence;
    EXPECT_TRUE(contents(reader) == before);
}

// --- What does not go together -------------------------------------------------------------------

struct Impossible {
    const char* name;
    const char* spec;
    std::optional<Schedule> schedule;
    std::optional<Positions> positions;
    Budget budget;
    ErrorCode code;
    const char* says;
};

void PrintTo(const Impossible& combination, std::ostream* out) { *out << combination.name; }

class ImpossibleCombination : public ScheduleTest,
                              public testing::WithParamInterface<Impossible> {};

TEST_P(ImpossibleCombination, is_one_sentence_at_construction) {
    SessionOptions impossible =
        options({"", GetParam().spec, GetParam().schedule, GetParam().positions});
    if (GetParam().budget.capacity > 0) impossible.budget = GetParam().budget;
    const std::string sentence = sentence_of([&] { Session(model_, impossible); }, GetParam().code);
    EXPECT_NE(sentence.find(GetParam().says), std::string::npos) << sentence;
}

constexpr auto contradiction = ErrorCode::invalid_argument;
constexpr auto too_small = ErrorCode::does_not_fit;

INSTANTIATE_TEST_SUITE_P(Session, ImpossibleCombination,
                         testing::Values(Impossible{"a_catalyst_one_by_one",
                                                    "infinipot",
                                                    Schedule::per_token,
                                                    {},
                                                    {},
                                                    contradiction,
                                                    "catalyst"},
                                         Impossible{"a_window_one_by_one",
                                                    "snapkv:window=2",
                                                    Schedule::per_token,
                                                    {},
                                                    {},
                                                    contradiction,
                                                    "last 2 tokens"},
                                         Impossible{"expected_attention_one_by_one",
                                                    "expected_attention",
                                                    Schedule::per_token,
                                                    {},
                                                    {},
                                                    contradiction,
                                                    "future attention"},
                                         Impossible{"expected_attention_with_kept_positions",
                                                    "expected_attention",
                                                    {},
                                                    Positions::keep,
                                                    {},
                                                    contradiction,
                                                    "positions reset"},
                                         Impossible{"truncating_when_full",
                                                    "truncate",
                                                    Schedule::when_full,
                                                    {},
                                                    {},
                                                    contradiction,
                                                    "before-reading"},
                                         Impossible{"truncating_one_by_one",
                                                    "truncate",
                                                    Schedule::per_token,
                                                    {},
                                                    {},
                                                    contradiction,
                                                    "before-reading"},
                                         Impossible{"evicting_before_reading",
                                                    "h2o",
                                                    Schedule::before_reading,
                                                    {},
                                                    {},
                                                    contradiction,
                                                    "truncate"},
                                         Impossible{"groups_with_eviction",
                                                    "h2o",
                                                    {},
                                                    Positions::in_groups(4, 16),
                                                    {},
                                                    contradiction,
                                                    "self_extend"},
                                         Impossible{"groups_with_full",
                                                    "full",
                                                    {},
                                                    Positions::in_groups(4, 16),
                                                    {},
                                                    contradiction,
                                                    "self_extend"},
                                         Impossible{"groups_of_nothing",
                                                    "self_extend",
                                                    {},
                                                    Positions::in_groups(0, 16),
                                                    {},
                                                    contradiction,
                                                    "at least 1"},
                                         Impossible{"as_much_retained_as_there_is",
                                                    "h2o",
                                                    {},
                                                    {},
                                                    {.capacity = 64, .retain = 64, .reserve = 0},
                                                    contradiction,
                                                    "less than the capacity"},
                                         Impossible{"no_reserve_beside_what_is_retained",
                                                    "h2o",
                                                    {},
                                                    {},
                                                    {.capacity = 64, .retain = 60, .reserve = 8},
                                                    too_small,
                                                    "reserve"},
                                         Impossible{"a_window_larger_than_what_is_new",
                                                    "snapkv:window=33",
                                                    Schedule::when_full,
                                                    {},
                                                    {.capacity = 72, .retain = 32, .reserve = 8},
                                                    too_small,
                                                    "at least 33 new"},
                                         Impossible{"more_protected_than_retained",
                                                    "tova",
                                                    {},
                                                    {},
                                                    {.capacity = 64,
                                                     .retain = 32,
                                                     .reserve = 8,
                                                     .protect_first = 20,
                                                     .protect_recent = 20},
                                                    contradiction,
                                                    "protect"}),
                         [](const auto& test_case) { return test_case.param.name; });

}  // namespace
}  // namespace infinipot
