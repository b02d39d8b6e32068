#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "engine/generation_impl.h"
#include "engine/session_impl.h"
#include "infinipot/infinipot.h"
#include "model/model_impl.h"
#include "support/paths.h"
#include "support/random_cache.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

namespace infinipot {
namespace {

/// Words of a small vocabulary in no order, the same for the same seed.
std::string words(int n, unsigned seed = 3) {
    static const char* const known[] = {"the", "time", "was",   "not",   "far", "when",
                                        "she", "came", "home,", "and",   "all", "the\n",
                                        "old", "men",  "sat",   "still."};
    std::string text;
    for (int i = 0; i < n; ++i) {
        seed = seed * 1664525u + 1013904223u;
        text += known[seed >> 28];
        text += ' ';
    }
    return text;
}

/// The first bytes of a book.
std::string book(std::size_t n) {
    std::ifstream file(source_file("samples/sherlock-holmes.txt"));
    std::string text(n, ' ');
    file.read(text.data(), static_cast<std::streamsize>(n));
    return text;
}

class SessionTest : public testing::Test {
   protected:
    SessionTest() : model_(Model::load(write_tiny_model({.n_vocab = 600}, folder_.path()))) {}

    SessionOptions options() const {
        SessionOptions result;
        result.budget = {.capacity = 256, .retain = 96, .reserve = 64};
        result.n_batch = 48;
        result.n_threads = 1;
        return result;
    }

    Session session() const { return Session(model_, options()); }

    /// One with a chat template.
    Model talking_model() const {
        const char* const chat =
            "{% for message in messages %}{{ '<|user|>\n' + message['content'] + eos_token }}"
            "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";
        return Model::load(
            write_tiny_model({.n_vocab = 600, .chat_template = chat}, folder_.path(), "chat.gguf"));
    }

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
        return error.what();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

TEST_F(SessionTest, Reading_in_one_call_or_in_a_thousand_leaves_the_same_pot) {
    const std::string text = words(1500);
    Session at_once = session();
    at_once.ingest(text);
    at_once.flush();
    EXPECT_GE(at_once.stats().distillations, 3u);
    for (const std::size_t step : {1u, 7u, 1000u}) {
        Session in_steps = session();
        for (std::size_t at = 0; at < text.size(); at += step)
            in_steps.ingest(text.substr(at, step));
        in_steps.flush();
        EXPECT_EQ(contents(in_steps), contents(at_once)) << step << " bytes at a time";
    }
    std::istringstream stream(text);
    Session from_stream = session();
    from_stream.ingest(stream);
    from_stream.flush();
    EXPECT_EQ(contents(from_stream), contents(at_once));
}

// --- The end of a text -------------------------------------------------------------------------

using Positions64 = std::vector<std::int64_t>;

Positions64 positions_of(std::span<const Tag> tags) {
    Positions64 positions;
    for (const Tag& tag : tags) positions.push_back(tag.position);
    return positions;
}

/// What a ranking by surprisal keeps of the entries of a head: the first `n_first`, the last
/// `n_last`, and of the others those that surprised most, `n` in all.
Positions64 most_surprising(std::vector<Tag> tags, std::size_t n_first, std::size_t n_last,
                            std::size_t n) {
    const auto begin = tags.begin() + static_cast<std::ptrdiff_t>(n_first);
    const auto end = tags.end() - static_cast<std::ptrdiff_t>(n_last);
    std::stable_sort(begin, end,
                     [](const Tag& a, const Tag& b) { return a.surprisal > b.surprisal; });
    tags.erase(begin + static_cast<std::ptrdiff_t>(n - n_first - n_last), end);
    Positions64 positions = positions_of(tags);
    std::ranges::sort(positions);
    return positions;
}

TEST_F(SessionTest, The_end_of_a_text_lets_go_only_what_has_no_room_beside_it) {
    SessionOptions with_surprisal = options();
    with_surprisal.policy = make_policy("infinipot:novelty=1,shared=0,kernel=1,novelty_kernel=1");
    with_surprisal.budget.protect_first = 4;
    with_surprisal.budget.protect_recent = 16;
    constexpr std::size_t fill_limit = 192, stride = 96;
    for (const int n_words : {560, 590, 620, 650, 680}) {
        Session reader(model_, with_surprisal);
        std::vector<Tag> before;  // the last distillation, of a head
        const auto look = [&](const Progress& progress) {
            const KvCache& cache = reader.impl().cache();
            const auto tags = cache.tags(1, 1);
            const bool another_follows = progress.bytes_read < words(n_words).size();
            if (tags.size() == fill_limit && another_follows) before = {tags.begin(), tags.end()};
        };
        reader.ingest(words(n_words), {.on_progress = look});
        reader.flush({.on_progress = look});
        ASSERT_EQ(before.size(), fill_limit);
        const auto n_rest = static_cast<std::size_t>(
            static_cast<std::int64_t>(reader.stats().tokens_read) - before.back().position - 1);
        ASSERT_GE(n_rest, 1u);
        ASSERT_LE(n_rest, stride);
        const std::size_t n_left = fill_limit - std::max(n_rest, stride / 8);
        Positions64 expected = most_surprising(
            before, 4, std::max<std::size_t>(16, stride - (fill_limit - n_left)), n_left);
        for (std::size_t i = 1; i <= n_rest; ++i)
            expected.push_back(before.back().position + static_cast<std::int64_t>(i));
        EXPECT_EQ(positions_of(reader.impl().cache().tags(1, 1)), expected) << n_words << " words";
    }
}

TEST_F(SessionTest, The_end_of_a_text_is_like_its_middle_if_that_is_asked_for) {
    SessionOptions as_in_the_paper = options();
    as_in_the_paper.budget.fill = false;
    Session reader(model_, as_in_the_paper);
    int last = 0, n_falls = 0;
    const auto look = [&](const Progress&) {
        const int n = reader.stats().n_kv;
        if (n < last) {
            ++n_falls;
            EXPECT_LE(n, 96 + 48) << "a batch behind what is retained";
        }
        last = n;
    };
    reader.ingest(words(650), {.on_progress = look});
    reader.flush({.on_progress = look});
    EXPECT_GT(n_falls, 3);
}

TEST_F(SessionTest, A_text_that_an_answer_goes_on_with_does_not_end) {
    SessionOptions not_filling = options();
    not_filling.budget.fill = false;
    Session reader = session(), other(model_, not_filling);
    for (Session* each : {&reader, &other}) {
        each->ingest(words(650));
        each->generate("", {.max_tokens = 30}).text();
    }
    EXPECT_EQ(contents(reader), contents(other));
}

TEST_F(SessionTest, Short_texts_one_after_another_do_not_cost_a_distillation_each) {
    Session reader = session();
    reader.ingest(words(650));
    reader.flush();
    const auto n_before = reader.stats().distillations;
    const auto read_before = reader.stats().tokens_read;
    for (int i = 0; i < 24; ++i) {
        reader.ingest("so ");
        reader.flush();
    }
    const auto n_read = reader.stats().tokens_read - read_before;
    EXPECT_GE(n_read, 24u);
    EXPECT_LE(reader.stats().distillations - n_before, n_read / 12 + 1);
}

TEST_F(SessionTest, Tokens_whose_attention_is_to_decide_have_room_at_the_end_as_well) {
    SessionOptions observing = options();
    observing.policy = make_policy("snapkv");
    observing.schedule = Schedule::when_full;
    for (const int n_words : {560, 590, 650}) {
        Session reader(model_, observing);
        const int n_query = reader.impl().plan.needs.n_query;
        ASSERT_GT(n_query, 96 / 8);
        int last = 0,
            n_left = 0;  // entries before a batch; those that the last distillation let go
        const auto look = [&](const Progress& progress) {
            const int n = reader.stats().n_kv, n_read = static_cast<int>(progress.tokens.size());
            if (n - n_read < last) n_left = last - (n - n_read);
            last = n;
        };
        reader.ingest(words(n_words), {.on_progress = look});
        reader.flush({.on_progress = look});
        EXPECT_GE(n_left, n_query) << n_words << " words";
    }
}

TEST_F(SessionTest, Only_a_pot_that_is_read_until_it_is_full_is_filled_at_the_end) {
    SessionOptions changed = options();
    EXPECT_TRUE(session().budget().fill);
    changed.policy = make_policy("h2o");
    changed.budget.retain = Budget::automatic;
    EXPECT_FALSE(Session(model_, changed).budget().fill) << "one by one";
    changed.policy = make_policy("truncate");
    EXPECT_FALSE(Session(model_, changed).budget().fill) << "before reading";
}

TEST_F(SessionTest, Any_batch_keeps_the_same_entries_up_to_rounding) {
    // Heads of a size that the native kernels take; real text, whose scores are seldom nearly
    // equal. Not pooled: an entry that changes places would take its neighbours with it.
    const Model real_heads = Model::load(
        write_tiny_model({.n_embd_head = 32, .n_vocab = 4000}, folder_.path(), "heads.gguf"));
    const std::string text = book(12000);
    const auto kept = [&](int n_batch) {
        SessionOptions with_batch = options();
        with_batch.n_batch = n_batch;
        with_batch.policy = infinipot(infinipot_of_the_paper);
        Session session(real_heads, with_batch);
        session.ingest(text);
        session.flush();
        std::vector<std::int64_t> positions;
        for (int il = 0; il < 2; ++il) {
            for (int head = 0; head < 2; ++head) {
                for (const Tag& tag : session.impl().cache().tags(il, head)) {
                    positions.push_back(tag.position + 100000 * (2 * il + head));
                }
            }
        }
        return positions;
    };
    const auto expected = kept(48);
    for (const int n_batch : {1, 5, 64, 512}) {
        const auto positions = kept(n_batch);
        std::vector<std::int64_t> common;
        std::ranges::set_intersection(positions, expected, std::back_inserter(common));
        EXPECT_EQ(positions.size(), expected.size());
        EXPECT_GE(static_cast<double>(common.size()), 0.98 * static_cast<double>(expected.size()))
            << "batch " << n_batch;
    }
}

TEST_F(SessionTest, Never_holds_more_entries_than_its_capacity) {
    Session reader = session();
    reader.ingest(words(1000));
    reader.generate(" and", {.max_tokens = 600}).text();
    const Stats stats = reader.stats();
    EXPECT_GE(stats.distillations, 4u);
    EXPECT_LE(stats.peak_n_kv, 256);
    EXPECT_GT(stats.peak_n_kv, 192) << "the catalyst's entries count";
    EXPECT_EQ(stats.pot_bytes, 256 * model_.entry_bytes());
}

TEST_F(SessionTest, A_budget_in_bytes_is_used_and_never_exceeded) {
    SessionOptions in_bytes = options();
    in_bytes.budget = {.reserve = 8, .memory_bytes = 100 * model_.entry_bytes() + 5};
    const Session small(model_, in_bytes);
    EXPECT_EQ(small.budget().capacity, 100);
    EXPECT_LE(small.stats().pot_bytes, in_bytes.budget.memory_bytes);
}

TEST_F(SessionTest, Asking_leaves_no_trace) {
    Session reader = session();
    reader.ingest(words(700));
    reader.flush();
    const std::string before = contents(reader);
    const std::string first = reader.ask("who was not far?", {.max_tokens = 20}).text();
    EXPECT_FALSE(first.empty());
    for (int i = 0; i < 3; ++i) {
        reader.ask("another question about something else?", {.max_tokens = 9}).text();
    }
    EXPECT_EQ(reader.ask("who was not far?", {.max_tokens = 20}).text(), first);
    EXPECT_EQ(contents(reader), before);
    reader.ingest(words(300, 9));
    reader.flush();
    Session unasked = session();
    unasked.ingest(words(700));
    unasked.flush();
    unasked.ingest(words(300, 9));
    unasked.flush();
    EXPECT_EQ(contents(reader), contents(unasked)) << "reading on is not disturbed either";
}

TEST_F(SessionTest, An_answer_that_is_dropped_half_way_leaves_no_trace) {
    Session reader = session();
    reader.ingest(words(300));
    reader.flush();
    const std::string before = contents(reader);
    { Generation dropped = reader.ask("who?"); }
    EXPECT_EQ(contents(reader), before);
}

/// How many entries an answer to the question of n tokens sees at its beginning.
int n_seen(Session& reader, const std::string& question) {
    Generation answer = reader.ask(question, {.max_tokens = 3});
    return reader.stats().n_kv;
}

TEST_F(SessionTest, A_focused_question_sees_as_many_entries_and_leaves_no_trace) {
    const std::string question = "who was not far, and when she came home?";
    SessionOptions focused = options();
    focused.focus = 40;
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

TEST_F(SessionTest, A_focus_on_at_least_what_there_is_changes_nothing) {
    SessionOptions focused = options();
    focused.focus = 200;
    Session reader(model_, focused);
    Session unfocused = session();
    std::string answers[2];
    for (Session* each : {&reader, &unfocused}) {
        each->ingest(words(100));
        answers[each == &reader] = each->ask("who was not far?", {.max_tokens = 20}).text();
    }
    EXPECT_EQ(answers[0], answers[1]);
}

/// How sure the model is of the first words of an answer that sees so many entries.
double sureness(Session& session, const std::string& question, int focus) {
    Session::Impl& impl = session.impl();
    const auto prompt = frame_question(impl.model.impl(), impl.plan, question, true);
    impl.attend(prompt);
    return Generation::Impl(impl, prompt, {}, Generation::Impl::Retention::none, focus)
        .sureness(8, -1e9);
}

TEST_F(SessionTest, An_automatic_focus_is_what_the_model_is_much_surer_with_than_with_all) {
    std::map<int, int> n_chosen;
    for (unsigned seed = 1; seed <= 24; ++seed) {
        Session reader = session();
        reader.ingest(words(350, seed));
        reader.flush();
        const std::string question = words(7, seed + 100), before = contents(reader);
        const double all = sureness(reader, question, 0);
        const double half = sureness(reader, question, 128);
        const double eighth = sureness(reader, question, 32);
        const int surer = half >= eighth ? 128 : 32;
        const int expected = std::max(half, eighth) > all + 0.5 ? surer : 0;
        const std::string text = reader.ask(question, {.max_tokens = 12}).text();
        EXPECT_EQ(reader.stats().focus, expected) << seed;
        EXPECT_EQ(reader.stats().tokens_generated, 12u);
        EXPECT_EQ(contents(reader), before);
        ++n_chosen[expected];

        SessionOptions told = options();
        told.focus = expected;
        Session same(model_, told);
        same.ingest(words(350, seed));
        EXPECT_EQ(same.ask(question, {.max_tokens = 12}).text(), text);
    }
    EXPECT_EQ(n_chosen.size(), 3u) << "one of the three was never chosen";
}

/// Mean ln P of the tokens that are written, of which the answer's end is one.
TEST_F(SessionTest, The_sureness_of_an_answer_is_the_mean_of_its_tokens) {
    Session reader = session();
    reader.ingest(words(100));
    reader.flush();
    Session::Impl& impl = reader.impl();
    const auto prompt = frame_question(impl.model.impl(), impl.plan, "who?", true);
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
        return Generation::Impl(impl, prompt, options, Generation::Impl::Retention::none)
            .sureness(4, least);
    };
    const double all = of_first({}, -1e9);
    EXPECT_NEAR(all, -nats / 4, 1e-5);
    EXPECT_EQ(of_first({}, all), all) << "it reaches that";
    EXPECT_LT(of_first({}, all + 0.01), all + 0.01) << "it does not";
    EXPECT_LT(of_first({}, -1e-9), -1e-9) << "nor that, as the first token shows";
    EXPECT_NE(of_first({.stop_tokens = {tokens[0]}}, -1e9), all);
    EXPECT_NEAR(of_first({.min_tokens = 4, .stop_tokens = {599}}, -1e9), all, 1e-5);
}

TEST_F(SessionTest, A_text_that_has_lost_nothing_is_seen_as_a_whole) {
    SessionOptions whole = options();
    whole.focus = 0;
    for (unsigned seed = 1; seed <= 8; ++seed) {
        Session reader = session(), unfocused(model_, whole);
        for (Session* each : {&reader, &unfocused}) each->ingest(words(80, seed));
        const std::string question = words(7, seed + 100);
        EXPECT_EQ(reader.ask(question, {.max_tokens = 12}).text(),
                  unfocused.ask(question, {.max_tokens = 12}).text());
        EXPECT_EQ(reader.stats().distillations, 0u);
        EXPECT_EQ(reader.stats().focus, 0);
        EXPECT_GT(reader.stats().n_kv, 128);
    }
}

/// Reading one of more than an eighth of the capacity five times would take too long.
TEST_F(SessionTest, A_long_question_sees_all_there_is) {
    std::map<int, int> n_chosen;
    for (const int n_words : {7, 22}) {
        for (unsigned seed = 1; seed <= 12; ++seed) {
            Session reader = session();
            reader.ingest(words(350, seed));
            reader.ask(words(n_words, seed + 100), {.max_tokens = 1});
            n_chosen[n_words] += reader.stats().focus > 0 ? 1 : 0;
        }
    }
    EXPECT_GT(n_chosen[7], 0);
    EXPECT_EQ(n_chosen[22], 0);
}

TEST_F(SessionTest, Where_a_question_cannot_choose_the_automatic_focus_is_all) {
    const auto focus = [&](const std::string& policy, std::optional<Schedule> schedule = {},
                           std::optional<Positions> positions = {}) {
        SessionOptions choice = options();
        choice.policy = make_policy(policy);
        choice.schedule = schedule;
        choice.positions = positions;
        return Session(model_, choice).options().focus;
    };
    EXPECT_EQ(focus("infinipot"), SessionOptions::automatic);
    EXPECT_EQ(focus("infinipot:shared=0,kernel=1,novelty_kernel=1"), SessionOptions::automatic);
    EXPECT_EQ(focus("infinipot:novelty=1"), 0);
    EXPECT_EQ(focus("infinipot:catalyst=0"), 0);
    EXPECT_EQ(focus("streaming_llm"), 0);
    EXPECT_EQ(focus("full"), 0);
    EXPECT_EQ(focus("infinipot", Schedule::at_end), 0);
    EXPECT_EQ(focus("infinipot", {}, Positions{Positions::keep}), 0);
}

/// What a question sees is what distilling for it would have left.
TEST_F(SessionTest, A_focus_keeps_what_a_distillation_for_the_question_would) {
    const std::string question = "who was not far, and when she came home?";
    SessionOptions distilling = options();
    distilling.framing = Framing::raw;
    distilling.catalyst = question;
    SessionOptions focused = distilling;
    focused.focus = distilling.budget.retain = 96;
    distilling.budget.protect_recent = 0;
    focused.budget.protect_recent = 0;
    Session expected(model_, distilling), reader(model_, focused);
    for (Session* each : {&expected, &reader}) {
        each->ingest(words(150));
        each->flush();
    }
    const Generation answer = reader.ask(question, {.max_tokens = 3});
    expected.impl().distil();
    const KvCache& left = expected.impl().cache();
    for (int il = 0; il < left.shape().n_layer; ++il) {
        for (int head = 0; head < left.shape().n_head_kv; ++head) {
            const auto seen = reader.impl().cache().tags(il, head);
            const auto tags = left.tags(il, head);
            ASSERT_EQ(tags.size(), 96u);
            for (std::size_t j = 0; j < tags.size(); ++j) {
                EXPECT_EQ(seen[j].position, tags[j].position) << il << ", " << head << ", " << j;
                EXPECT_EQ(row(left, left.rotated_keys(il), head, static_cast<int>(j)),
                          row(reader.impl().cache(), reader.impl().cache().rotated_keys(il), head,
                              static_cast<int>(j)));
            }
        }
    }
}

TEST_F(SessionTest, A_focus_that_cannot_be_is_refused_with_a_sentence) {
    const auto refusal = [&](auto change) -> std::string {
        SessionOptions changed = options();
        changed.focus = 40;
        change(changed);
        try {
            const Session refused(model_, changed);
        } catch (const Error& error) {
            return error.what();
        }
        return "accepted";
    };
    EXPECT_EQ(refusal([](SessionOptions&) {}), "accepted");
    EXPECT_EQ(refusal([](SessionOptions& o) { o.focus = 256; }),
              "a focus of 256 entries must be less than the capacity of 256");
    EXPECT_EQ(refusal([](SessionOptions& o) { o.focus = -2; }),
              "the focus is -2 and must be at least 5");
    EXPECT_EQ(refusal([](SessionOptions& o) {
                  o.policy = make_policy("tova");
                  o.schedule = Schedule::when_full;
              }),
              "a focus of 40 entries is chosen with the question as catalyst, which policy "
              "tova:value_norm=0 does not use; choose infinipot");
    EXPECT_EQ(refusal([](SessionOptions& o) { o.positions = Positions{Positions::keep}; }),
              "a focus of 40 entries wants schedule when-full and positions reset");
}

TEST_F(SessionTest, An_answer_ends_where_the_pot_is_full) {
    Session reader = session();
    reader.ingest(words(900));
    Generation answer = reader.ask("who?", {.max_tokens = 5000, .min_tokens = 5000});
    answer.text();
    EXPECT_EQ(answer.stop_reason(), StopReason::pot_full);
    EXPECT_LE(reader.stats().peak_n_kv, 256);
}

/// All tokens that are written so.
std::vector<Token> tokens_of(const Model& model, std::string_view piece) {
    std::vector<Token> tokens;
    for (Token token = 0; token < model.info().n_vocab; ++token) {
        if (model.piece(token) == piece) tokens.push_back(token);
    }
    return tokens;
}

TEST_F(SessionTest, An_answer_ends_before_a_stop_token) {
    Session reader = session();
    reader.ingest(words(300));
    std::vector<std::string> pieces;
    for (std::string_view piece : reader.ask("who?", {.max_tokens = 20})) {
        pieces.emplace_back(piece);
    }
    // The last piece that is a token by itself, and no end of a character.
    const auto is_token = [&](const std::string& piece) {
        return !tokens_of(model_, piece).empty();
    };
    const auto last = std::find_if(pieces.rbegin(), pieces.rend(), is_token);
    ASSERT_NE(last, pieces.rend());
    const std::vector<Token> stops = tokens_of(model_, *last);
    std::string before;
    for (const std::string& piece : pieces) {
        if (piece == *last) break;
        before += piece;
    }
    Generation answer = reader.ask("who?", {.max_tokens = 20, .stop_tokens = stops});
    EXPECT_EQ(answer.text(), before);
    EXPECT_EQ(answer.stop_reason(), StopReason::end_of_answer);
}

TEST_F(SessionTest, An_answer_does_not_end_too_early) {
    Session reader = session();
    reader.ingest(words(300));
    const std::string first = reader.ask("who?", {.max_tokens = 1}).text();
    const std::vector<Token> stops = tokens_of(model_, first);
    ASSERT_FALSE(stops.empty());
    EXPECT_EQ(reader.ask("who?", {.max_tokens = 1, .stop_tokens = stops}).text(), "");
    Generation answer =
        reader.ask("who?", {.max_tokens = 20, .min_tokens = 1, .stop_tokens = stops});
    EXPECT_FALSE(answer.text().starts_with(first));
    EXPECT_GE(answer.n_tokens(), 1);
}

TEST_F(SessionTest, Options_of_an_answer_that_contradict_each_other_are_refused) {
    Session reader = session();
    reader.ingest(words(30));
    for (const GenerateOptions& bad :
         {GenerateOptions{.max_tokens = 0}, GenerateOptions{.max_tokens = 3, .min_tokens = 4},
          GenerateOptions{.min_tokens = -1}, GenerateOptions{.stop_tokens = {600}},
          GenerateOptions{.stop_tokens = {-1}}}) {
        sentence_of([&] { reader.ask("who?", bad); }, ErrorCode::invalid_argument);
    }
}

TEST_F(SessionTest, What_stands_between_text_and_question_can_be_the_question_s_own) {
    const Model talker = talking_model();
    ASSERT_GT(talker.info().n_chat_opening, 0);
    ASSERT_GT(talker.info().n_chat_closing, 0);
    const auto answer = [&](const std::string& separator, const std::string& question) {
        SessionOptions apart = options();
        apart.separator = separator;
        Session reader(talker, apart);
        reader.ingest(words(50));
        const std::string text = reader.ask(question, {.max_tokens = 12}).text();
        return std::pair(text, reader.stats().peak_n_kv);
    };
    EXPECT_EQ(answer("", "\n\nwho?"), answer("\n\n", "who?"));
    EXPECT_NE(answer("", "who?").second, answer("\n\n", "who?").second);
}

TEST_F(SessionTest, An_answer_begins_behind_all_that_the_chat_puts_before_it) {
    const Model talker = talking_model();
    Session reader(talker, options());
    reader.ingest(words(50));
    const Plan& plan = reader.impl().plan;
    std::vector<Token> expected = frame_question(talker.impl(), plan, "who?", true);
    const std::vector<Token> prefix = talker.tokenize(" The ol");
    expected.insert(expected.end(), prefix.begin(), prefix.end());
    EXPECT_EQ(frame_question(talker.impl(), plan, "who?", true, " The ol"), expected);

    reader.ask("who?", {.max_tokens = 1}).text();
    const int n_kv = reader.stats().peak_n_kv;
    reader.ask("who?", {.max_tokens = 1, .answer_prefix = " The ol"}).text();
    EXPECT_EQ(reader.stats().peak_n_kv, n_kv + static_cast<int>(prefix.size()));
    sentence_of([&] { reader.ask("who?", {.answer_prefix = "caf\xE9"}); }, ErrorCode::bad_text);
}

TEST_F(SessionTest, Without_a_chat_the_beginning_of_an_answer_follows_the_question) {
    Session reader = session();
    reader.ingest(words(50));
    const std::string expected = reader.ask("who? The ol", {.max_tokens = 12}).text();
    const GenerateOptions begun = {.max_tokens = 12, .answer_prefix = " The ol"};
    EXPECT_EQ(reader.ask("who?", begun).text(), expected);
    EXPECT_NE(reader.ask("who?", {.max_tokens = 12}).text(), expected);
}

TEST_F(SessionTest, Generating_goes_on_past_the_capacity_and_is_remembered) {
    Session writer = session();
    writer.generate("the time was", {.max_tokens = 1}).text();
    const int n_before = writer.stats().n_kv;
    Generation text = writer.generate(" not", {.max_tokens = 20});
    text.text();
    EXPECT_EQ(writer.stats().n_kv, n_before + text.n_tokens() + 1) << "prompt and answer";
    while (writer.stats().tokens_generated < 700) {
        writer.generate(" and", {.max_tokens = 700}).text();
    }
    EXPECT_GE(writer.stats().distillations, 4u);
    EXPECT_LE(writer.stats().peak_n_kv, 256);
}

TEST_F(SessionTest, Goes_on_where_the_model_would_end_if_asked_to) {
    Session writer = session();
    Generation text = writer.generate("the time was", {.max_tokens = 700, .min_tokens = 700});
    text.text();
    EXPECT_EQ(text.n_tokens(), 700);
    EXPECT_EQ(text.stop_reason(), StopReason::max_tokens);
}

TEST_F(SessionTest, Tells_what_attention_reads_of_an_entry) {
    const std::size_t vectors = 2 * 2 * 2 * 16 * 2;  // layers, KV heads, key and value, F16 numbers
    EXPECT_EQ(session().stats().attended_entry_bytes, vectors);
}

TEST_F(SessionTest, One_answer_at_a_time) {
    Session reader = session();
    Generation answer = reader.ask("who?");
    EXPECT_NE(sentence_of([&] { reader.ask("and who else?"); }, ErrorCode::invalid_argument)
                  .find("still"),
              std::string::npos);
    answer.text();
    EXPECT_NO_THROW(reader.ask("and who else?"));
}

TEST_F(SessionTest, Sampling_with_a_seed_is_repeatable) {
    Session reader = session();
    const GenerateOptions hot{
        .sampling = {.temperature = 1.5f, .top_k = 0, .top_p = 1, .min_p = 0, .seed = 5},
        .max_tokens = 30};
    GenerateOptions other = hot;
    other.sampling.seed = 6;
    const std::string first = reader.ask("who?", hot).text();
    EXPECT_EQ(reader.ask("who?", hot).text(), first);
    EXPECT_NE(reader.ask("who?", other).text(), first);
}

TEST_F(SessionTest, An_interrupted_reading_goes_on_as_if_nothing_had_happened) {
    const std::string text = words(6000);
    Session undisturbed = session();
    undisturbed.ingest(text);
    undisturbed.flush();
    Session interrupted = session();
    int batches = 0;
    const IngestOptions stopping{[&](const Progress&) {
        if (++batches == 9) interrupted.interrupt();
    }};
    sentence_of([&] { interrupted.ingest(text, stopping); }, ErrorCode::interrupted);
    EXPECT_LT(interrupted.stats().bytes_read, text.size());
    interrupted.ingest(text.substr(interrupted.stats().bytes_read));
    interrupted.flush();
    EXPECT_TRUE(contents(interrupted) == contents(undisturbed));
}

TEST_F(SessionTest, Progress_tells_how_far_it_is) {
    Session reader = session();
    std::vector<Progress> seen;
    reader.ingest(words(6000), {[&](const Progress& progress) { seen.push_back(progress); }});
    EXPECT_LT(seen.front().bytes_read, 1000u);
    reader.flush({[&](const Progress& progress) { seen.push_back(progress); }});
    ASSERT_GE(seen.size(), 10u);
    for (std::size_t i = 1; i < seen.size(); ++i)
        EXPECT_GT(seen[i].tokens_read, seen[i - 1].tokens_read);
    EXPECT_EQ(seen.back().bytes_read, words(6000).size());
    EXPECT_EQ(seen.back().distillations, reader.stats().distillations);
}

TEST_F(SessionTest, Text_that_is_not_UTF_8_is_refused_at_its_byte) {
    Session reader = session();
    reader.ingest("the time ");
    const std::string sentence =
        sentence_of([&] { reader.ingest("was\xff not"); }, ErrorCode::bad_text);
    EXPECT_NE(sentence.find("byte 12"), std::string::npos) << sentence;
    EXPECT_EQ(reader.stats().bytes_read, 12u);
    EXPECT_NO_THROW(reader.ingest("far"));
    reader.ingest("\xe2\x82");
    sentence_of([&] { reader.flush(); }, ErrorCode::bad_text);
    Session split = session();
    for (const char byte : std::string("\xe2\x82\xac and \xc3\xa9")) split.ingest({&byte, 1});
    EXPECT_NO_THROW(split.flush());
}

TEST_F(SessionTest, A_question_that_is_not_UTF_8_is_refused_at_its_byte) {
    Session reader = session();
    reader.ingest(words(100));
    EXPECT_EQ(sentence_of([&] { reader.ask("who\xff?"); }, ErrorCode::bad_text),
              "the question is not UTF-8 at byte 3");
    EXPECT_EQ(sentence_of([&] { reader.ask("a caf\xc3"); }, ErrorCode::bad_text),
              "the question is not UTF-8 at byte 5");
    EXPECT_EQ(sentence_of([&] { reader.generate("\xed\xa0\x80 and"); }, ErrorCode::bad_text),
              "the text to continue is not UTF-8 at byte 0");
    EXPECT_NO_THROW(reader.ask("a caf\xc3\xa9?", {.max_tokens = 1}).text());
}

TEST_F(SessionTest, A_full_policy_refuses_what_does_not_fit_and_keeps_what_did) {
    SessionOptions never = options();
    never.policy = full();
    Session reader(model_, never);
    const std::string sentence =
        sentence_of([&] { reader.ingest(words(5000)); }, ErrorCode::does_not_fit);
    EXPECT_NE(sentence.find("capacity"), std::string::npos) << sentence;
    EXPECT_EQ(reader.stats().n_kv, 192);
    Session short_text(model_, never);
    short_text.ingest(words(40));
    EXPECT_FALSE(short_text.ask("who?", {.max_tokens = 5}).text().empty());
}

TEST_F(SessionTest, A_question_larger_than_the_room_is_refused_and_forgotten) {
    Session reader = session();
    reader.ingest(words(300));
    reader.flush();
    const std::string before = contents(reader);
    const std::string sentence =
        sentence_of([&] { reader.ask(words(400)); }, ErrorCode::does_not_fit);
    EXPECT_NE(sentence.find("room"), std::string::npos) << sentence;
    EXPECT_EQ(contents(reader), before);
}

struct BadBudget {
    const char* name;
    Budget budget;
    ErrorCode code;
    const char* says;
};

class BadBudgets : public SessionTest, public testing::WithParamInterface<BadBudget> {};

TEST_P(BadBudgets, are_refused_with_a_sentence) {
    SessionOptions bad = options();
    bad.budget = GetParam().budget;
    const std::string sentence = sentence_of([&] { Session(model_, bad); }, GetParam().code);
    EXPECT_NE(sentence.find(GetParam().says), std::string::npos) << sentence;
    EXPECT_EQ(sentence.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Session, BadBudgets,
                         testing::Values(BadBudget{"retain_not_below_capacity",
                                                   {.capacity = 100, .retain = 100, .reserve = 0},
                                                   ErrorCode::invalid_argument,
                                                   "less than the capacity"},
                                         BadBudget{"capacity_beyond_the_window",
                                                   {.capacity = 1000},
                                                   ErrorCode::invalid_argument,
                                                   "trained on"},
                                         BadBudget{"no_room_for_the_catalyst",
                                                   {.capacity = 40, .retain = 20, .reserve = 0},
                                                   ErrorCode::does_not_fit,
                                                   "catalyst"},
                                         BadBudget{"no_room_beside_the_reserve",
                                                   {.capacity = 200, .retain = 100, .reserve = 95},
                                                   ErrorCode::does_not_fit,
                                                   "reserve"},
                                         BadBudget{"less_memory_than_an_entry",
                                                   {.memory_bytes = 10},
                                                   ErrorCode::does_not_fit,
                                                   "not even one"},
                                         BadBudget{"more_protected_than_retained",
                                                   {.capacity = 256,
                                                    .retain = 64,
                                                    .reserve = 32,
                                                    .protect_first = 40,
                                                    .protect_recent = 40},
                                                   ErrorCode::invalid_argument,
                                                   "protect"},
                                         BadBudget{"negative_capacity",
                                                   {.capacity = -7},
                                                   ErrorCode::invalid_argument,
                                                   "at least 1"},
                                         BadBudget{"negative_reserve",
                                                   {.capacity = 256, .reserve = -7},
                                                   ErrorCode::invalid_argument,
                                                   "at least 0"}),
                         [](const auto& test_case) { return test_case.param.name; });

TEST_F(SessionTest, A_capacity_beyond_the_window_can_be_allowed) {
    SessionOptions allowed = options();
    allowed.budget = {.capacity = 1000, .beyond_window = true};
    EXPECT_EQ(Session(model_, allowed).budget().capacity, 1000);
}

TEST_F(SessionTest, Automatic_values_are_filled_in) {
    const Session automatic(model_, {.n_threads = 1});
    const Budget& budget = automatic.budget();
    EXPECT_EQ(budget.capacity, 512) << "the trained window";
    EXPECT_GT(budget.retain, 0);
    EXPECT_LT(budget.retain, budget.capacity);
    EXPECT_GT(budget.reserve, 0);
    EXPECT_GE(budget.protect_first, 4);
    EXPECT_EQ(automatic.options().policy->spec(), infinipot()->spec());
    const Budget without_session = resolved_budget(model_, {.n_threads = 1});
    EXPECT_EQ(without_session.capacity, budget.capacity);
    EXPECT_EQ(without_session.retain, budget.retain);
    EXPECT_EQ(without_session.reserve, budget.reserve);
}

}  // namespace
}  // namespace infinipot
