#include <gtest/gtest.h>

#include <algorithm>

#include "model/access.h"
#include "support/session_fixture.h"

// The last distillation of a text.

namespace infinipot {
namespace {

using Positions64 = std::vector<std::int64_t>;

Positions64 positions_of(std::span<const Tag> tags) {
    Positions64 positions;
    for (const Tag& tag : tags) positions.push_back(tag.position);
    return positions;
}

/// Returns the `n` entries of a head that a ranking by surprisal keeps: the first `n_first`, the
/// last `n_last`, and the most surprising of the others.
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

TEST_F(SessionTest, The_end_of_a_text_evicts_only_what_the_rest_needs_room_for) {
    SessionOptions with_surprisal = options();
    with_surprisal.policy = make_policy("infinipot:novelty=1,share=none,pool=1,novelty_pool=1");
    with_surprisal.budget.protect_first = 4;
    with_surprisal.budget.protect_recent = 16;
    constexpr std::size_t fill_limit = 192, chunk = 96;
    for (const int n_words : {560, 590, 620, 650, 680}) {
        Session reader(model_, with_surprisal);
        std::vector<Tag> before;  // the last distillation, of a head
        const auto look = [&](const Progress& progress) {
            const KvCache& cache = Access::impl(reader).cache();
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
        ASSERT_LE(n_rest, chunk);
        const std::size_t n_left = fill_limit - std::max(n_rest, chunk / 8);
        Positions64 expected = most_surprising(
            before, 4, std::max<std::size_t>(16, chunk - (fill_limit - n_left)), n_left);
        for (std::size_t i = 1; i <= n_rest; ++i)
            expected.push_back(before.back().position + static_cast<std::int64_t>(i));
        EXPECT_EQ(positions_of(Access::impl(reader).cache().tags(1, 1)), expected)
            << n_words << " words";
    }
}

TEST_F(SessionTest, The_end_of_a_text_is_distilled_like_its_middle_without_fill) {
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

TEST_F(SessionTest, Generation_continues_a_text_without_ending_it) {
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

TEST_F(SessionTest, Observed_tokens_have_room_at_the_end_as_well) {
    SessionOptions observing = options();
    observing.policy = make_policy("snapkv");
    observing.schedule = Schedule::when_full;
    for (const int n_words : {560, 590, 650}) {
        Session reader(model_, observing);
        const int n_query = Access::impl(reader).plan().needs.n_query;
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

TEST_F(SessionTest, Only_schedule_when_full_fills_the_cache_at_the_end) {
    SessionOptions changed = options();
    EXPECT_TRUE(session().budget().fill);
    changed.policy = make_policy("h2o");
    changed.budget.retain = {};
    EXPECT_FALSE(Session(model_, changed).budget().fill) << "one by one";
    changed.policy = make_policy("truncate");
    EXPECT_FALSE(Session(model_, changed).budget().fill) << "before reading";
}

}  // namespace
}  // namespace infinipot
