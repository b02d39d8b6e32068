#include <gtest/gtest.h>

#include "engine/session_impl.h"
#include "infinipot/infinipot.h"
#include "model/access.h"
#include "model/model_impl.h"
#include "support/policy_cases.h"
#include "support/temp_dir.h"

namespace infinipot {
namespace {

const TinyModel& tiny = policy_model;

/// Compares the surprisal of every token, which Progress reports, with the reference's for the same
/// text and the same KV cache. The policies here do not need surprisal themselves.
TEST(SurprisalTest, Equals_that_of_the_plain_reference_under_every_schedule) {
    const TempDir folder;
    const auto path = write_tiny_model(tiny, folder.path());
    const Model model = Model::load(path);
    const auto text = [] {
        std::string letters;
        for (int i = 0; i < 150; ++i) letters += static_cast<char>('a' + i * i * 7 % 25);
        return letters;
    }();
    auto tokens = Access::impl(model).vocabulary.stream_start();
    const auto words = Access::impl(model).vocabulary.tokenize(text);
    tokens.insert(tokens.end(), words.begin(), words.end());
    for (const char* spec : {"streaming_llm", "swa", "full"}) {
        SessionOptions options;
        options.budget = {
            .capacity = 256, .retain = 40, .reserve = 8, .protect_first = 0, .protect_recent = 0};
        options.policy = make_policy(spec);
        options.framing = Framing::raw;
        options.measure_surprisal = true;
        options.n_batch = 16;
        options.n_threads = 1;
        Session session(model, options);
        ReferenceSession reference(
            path,
            {.method = std::string(spec) == "swa" ? policy_cases[1].method : policy_cases[0].method,
             .schedule = Access::impl(session).plan().options.schedule,
             .positions = Access::impl(session).plan().options.positions,
             .retain = 40,
             .full_at = Access::impl(session).plan().fill_limit,
             .n_positions = 2 * 256});
        std::vector<float> nats;
        const IngestOptions watching{[&](const Progress& progress) {
            nats.insert(nats.end(), progress.surprisal.begin(), progress.surprisal.end());
        }};
        session.ingest(text, watching);
        session.flush(watching);
        ASSERT_EQ(nats.size(), tokens.size());
        EXPECT_EQ(nats[0], 0) << "nothing predicts the first";
        double mean = 0;
        for (std::size_t i = 0; i < tokens.size(); ++i) {
            reference.read(tokens[i]);
            const double expected = reference.reference().pot()[0][0].back().surprisal;
            ASSERT_NEAR(static_cast<double>(nats[i]), expected, 0.04) << spec << ", token " << i;
            mean += expected / static_cast<double>(tokens.size());
        }
        EXPECT_GT(mean, 3) << "the test needs tokens that are not foreseen";
    }
}

TEST(SurprisalTest, Is_absent_unless_requested) {
    const TempDir folder;
    const Model model = Model::load(write_tiny_model(tiny, folder.path()));
    Session session(model, {.policy = make_policy("infinipot"), .n_threads = 1});
    session.ingest("the time was not far when she came home");
    int batches = 0;
    session.flush({[&](const Progress& progress) {
        EXPECT_TRUE(progress.surprisal.empty());
        ++batches;
    }});
    EXPECT_GT(batches, 0);
}

}  // namespace
}  // namespace infinipot
