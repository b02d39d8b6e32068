#include <gtest/gtest.h>

#include <algorithm>

#include "model/access.h"
#include "model/model_impl.h"
#include "support/session_fixture.h"

// The schedule that leaves out the middle of a text that does not fit.

namespace infinipot {
namespace {

/// Tokens of the pot, in the order in which they were read.
std::vector<Token> read_tokens(Session& session) {
    std::vector<Token> tokens;
    for (const Tag& tag : Access::impl(session).cache().tags(0, 0)) tokens.push_back(tag.token);
    return tokens;
}

std::vector<Token> tokens_of(const Session& session, const std::string& text) {
    Session::Impl& impl = Access::impl(session);
    std::vector<Token> tokens = impl.plan().frame.opening;
    const auto more = Access::impl(impl.model()).vocabulary.tokenize(text);
    tokens.insert(tokens.end(), more.begin(), more.end());
    return tokens;
}

/// With batches that do and do not divide the halves, which hold 96 tokens each.
TEST_F(ScheduleTest, Truncation_reads_half_the_room_from_each_end_of_the_text) {
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

TEST_F(ScheduleTest, Truncation_refuses_text_after_the_first_question) {
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

}  // namespace
}  // namespace infinipot
