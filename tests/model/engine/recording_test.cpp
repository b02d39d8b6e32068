// The record of eval/survival/survival.h must equal what the session's KV cache holds.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/session_impl.h"
#include "eval/survival/summary.h"
#include "eval/survival/survival.h"
#include "infinipot/infinipot.h"
#include "model/access.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

namespace infinipot {
namespace {

using eval::Survival;
using Places = std::vector<std::int64_t>;  // in the stream, ascending

std::string text(int n_words) {
    static const char* const known[] = {"the", "time", "was", "not", "far,", "when", "she", "came"};
    std::string words;
    unsigned seed = 7;
    for (int i = 0; i < n_words; ++i) {
        seed = seed * 1664525u + 1013904223u;
        words += std::string(known[seed >> 29]) + ' ';
    }
    return words;
}

/// A session on a tiny model whose survivors are recorded.
class RecordingTest : public testing::Test {
   protected:
    RecordingTest()
        : model_(
              Model::load(write_tiny_model({.n_embd_head = 32, .n_vocab = 600}, folder_.path()))),
          record_(std::make_shared<Survival>(model_.info().n_layer_kv, model_.info().n_head_kv)) {}

    static SessionOptions options(PolicyPtr policy, std::optional<Schedule> schedule) {
        return {.budget = {.capacity = 256, .retain = 96, .reserve = 40},
                .policy = std::move(policy),
                .schedule = schedule,
                .measure_surprisal = true,
                .n_batch = 48,
                .n_threads = 2};
    }

    Session read(const std::string& policy, std::optional<Schedule> schedule, int n_words) {
        Session session(model_, options(eval::recording(make_policy(policy), record_), schedule));
        const IngestOptions report{.on_progress = [this](const Progress& progress) {
            nats_.insert(nats_.end(), progress.surprisal.begin(), progress.surprisal.end());
            tokens_.insert(tokens_.end(), progress.tokens.begin(), progress.tokens.end());
        }};
        session.ingest(text(n_words), report);
        session.flush(report);
        return session;
    }

    /// The record of the last distillation must equal the tags of the KV cache.
    void expect_the_pots(Session& session) const {
        const KvCache& cache = Access::impl(session).cache();
        for (int il = 0; il < record_->n_layer(); ++il) {
            for (int head = 0; head < record_->n_head_kv(); ++head) {
                Places held = now(il, head), in_pot;
                for (const Tag& tag : cache.tags(il, head)) in_pot.push_back(tag.position);
                std::ranges::sort(in_pot);  // per-token eviction reuses free slots
                EXPECT_EQ(held, in_pot) << "layer " << il << ", head " << head;
            }
        }
    }

    /// Returns the positions of all tokens that were read and that a head has not evicted.
    Places now(int il, int head) const {
        Places held;
        for (std::int64_t at = 0; at < static_cast<std::int64_t>(tokens_.size()); ++at) {
            if (record_->left_at(il, head, at) == Survival::never) held.push_back(at);
        }
        return held;
    }

    void expect_retained(std::size_t n_retain, std::size_t n_at_last) const {
        for (std::uint32_t k = 1; k <= record_->n_distillations(); ++k) {
            for (int il = 0; il < record_->n_layer(); ++il) {
                for (int head = 0; head < record_->n_head_kv(); ++head) {
                    const Places positions = record_->survivors(k, il, head);
                    const bool is_last = k == record_->n_distillations();
                    EXPECT_EQ(positions.size(), is_last ? n_at_last : n_retain);
                    EXPECT_TRUE(std::ranges::is_sorted(positions));
                }
            }
        }
    }

    TempDir folder_;
    Model model_;
    std::shared_ptr<Survival> record_;
    std::vector<float> nats_;
    std::vector<Token> tokens_;
};

TEST_F(RecordingTest, The_record_equals_the_KV_cache) {
    Session session = read("infinipot", {}, 900);
    EXPECT_EQ(record_->n_distillations(), session.stats().distillations);
    ASSERT_GT(record_->n_distillations(), 3u);
    const auto n_since =
        tokens_.size() - static_cast<std::size_t>(record_->tokens_read(record_->n_distillations()));
    expect_retained(96, static_cast<std::size_t>(session.stats().n_kv) - n_since);
    expect_the_pots(session);
}

TEST_F(RecordingTest, Progress_reports_the_tokens_and_surprisals_of_the_KV_cache) {
    Session session = read("infinipot", {}, 900);
    EXPECT_EQ(tokens_.size(), session.stats().tokens_read);
    ASSERT_EQ(nats_.size(), tokens_.size());
    for (const Tag& tag : Access::impl(session).cache().tags(1, 1)) {
        EXPECT_EQ(tag.token, tokens_[static_cast<std::size_t>(tag.position)]);
        EXPECT_EQ(tag.surprisal, nats_[static_cast<std::size_t>(tag.position)]);
    }
}

TEST_F(RecordingTest, Per_token_evictions_are_recorded_on_any_thread) {
    Session session = read("h2o", {}, 400);
    EXPECT_EQ(record_->n_distillations(), session.stats().distillations);
    EXPECT_EQ(record_->n_distillations(), tokens_.size() - 96);
    expect_retained(96, 96);
    expect_the_pots(session);
}

TEST_F(RecordingTest, Text_and_question_are_recorded_together_at_the_end) {
    Session session = read("snapkv", Schedule::at_end, 80);
    EXPECT_EQ(record_->n_distillations(), 0u);
    const auto n_text = static_cast<std::int64_t>(tokens_.size());
    session.ask("when she came", {.max_tokens = 1}).text();
    ASSERT_EQ(record_->n_distillations(), 1u);
    EXPECT_GT(record_->tokens_read(1), n_text);
    expect_retained(96, 96);
    expect_the_pots(session);
    EXPECT_EQ(eval::summarise(*record_, nats_, 1).tokens_read, n_text);
}

TEST_F(RecordingTest, Recording_does_not_change_the_kept_entries) {
    Session session = read("infinipot", {}, 500);
    Session plain(model_, options(policies::infinipot(), {}));
    plain.ingest(text(500));
    plain.flush();
    expect_the_pots(plain);
}

}  // namespace
}  // namespace infinipot
