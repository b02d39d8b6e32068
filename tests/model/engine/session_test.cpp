#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <sstream>

#include "model/access.h"
#include "support/session_fixture.h"
#include "support/tiny_model.h"

// Promises of a session while it reads.

namespace infinipot {
namespace {

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

TEST_F(SessionTest, Any_batch_keeps_the_same_entries_up_to_rounding) {
    // Heads of a size that the native kernels take; real text, whose scores are seldom nearly
    // equal. Not pooled: an entry that changes places would take its neighbours with it.
    const Model real_heads = Model::load(
        write_tiny_model({.n_embd_head = 32, .n_vocab = 4000}, folder_.path(), "heads.gguf"));
    const std::string text = book(12000);
    const auto kept = [&](int n_batch) {
        SessionOptions with_batch = options();
        with_batch.n_batch = n_batch;
        with_batch.policy = policies::infinipot(policies::infinipot_of_the_paper);
        Session session(real_heads, with_batch);
        session.ingest(text);
        session.flush();
        std::vector<std::int64_t> positions;
        for (int il = 0; il < 2; ++il) {
            for (int head = 0; head < 2; ++head) {
                for (const Tag& tag : Access::impl(session).cache().tags(il, head)) {
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

TEST_F(SessionTest, Reports_the_bytes_that_attention_reads_of_an_entry) {
    const std::size_t vectors = 2 * 2 * 2 * 16 * 2;  // layers, KV heads, key and value, F16 numbers
    EXPECT_EQ(session().stats().attended_entry_bytes, vectors);
}

TEST_F(SessionTest, An_interrupted_reading_resumes_as_if_nothing_had_happened) {
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

TEST_F(SessionTest, Progress_reports_bytes_tokens_and_distillations) {
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

TEST_F(SessionTest, Policy_full_refuses_text_that_does_not_fit_and_keeps_the_rest) {
    SessionOptions never = options();
    never.policy = policies::full();
    Session reader(model_, never);
    const std::string sentence =
        sentence_of([&] { reader.ingest(words(5000)); }, ErrorCode::does_not_fit);
    EXPECT_NE(sentence.find("capacity"), std::string::npos) << sentence;
    EXPECT_EQ(reader.stats().n_kv, 192);
    Session short_text(model_, never);
    short_text.ingest(words(40));
    EXPECT_FALSE(short_text.ask("who?", {.max_tokens = 5}).text().empty());
}

}  // namespace
}  // namespace infinipot
