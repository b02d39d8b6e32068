#include "text/frequent_tokens.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/paths.h"

namespace infinipot {
namespace {

class FrequentTokens : public testing::TestWithParam<const char*> {
   protected:
    Vocabulary vocabulary_{llama_file("models/ggml-vocab-") + GetParam() + ".gguf"};

    /// Returns the number of a text's tokens that are among the n most frequent.
    double share(std::string_view text, int n) {
        const std::vector<std::int32_t> runs = frequent_runs(vocabulary_, n, 32);
        const std::vector<Token> tokens = vocabulary_.tokenize(text);
        const auto count = std::ranges::count_if(
            tokens, [&](Token token) { return std::ranges::binary_search(runs, token / 32); });
        return static_cast<double>(count) / static_cast<double>(tokens.size());
    }
};

TEST_P(FrequentTokens, Are_in_as_many_runs_as_requested_ascending_or_in_all) {
    const std::vector<std::int32_t> some = frequent_runs(vocabulary_, 1000, 32);
    EXPECT_EQ(some.size(), 32U);
    EXPECT_TRUE(std::ranges::is_sorted(some));
    EXPECT_EQ(std::ranges::adjacent_find(some), some.end());
    const int n = vocabulary_.n_tokens();
    const auto n_runs = static_cast<std::size_t>((n + 31) / 32);
    EXPECT_EQ(frequent_runs(vocabulary_, n + 100, 32).size(), n_runs);
}

TEST_P(FrequentTokens, Covers_most_of_plain_prose_and_few_rare_words) {
    EXPECT_GE(
        share("It was late, and the man who came in from the street had not been there before.",
              vocabulary_.n_tokens() / 4),
        0.9);
    EXPECT_LE(share(" Jurisdiction Accessibility unexpectedly Constitutional",
                    vocabulary_.n_tokens() / 4),
              0.6);
}

INSTANTIATE_TEST_SUITE_P(Of, FrequentTokens, testing::Values("llama-spm", "llama-bpe", "gpt-2"),
                         [](const auto& test) {
                             std::string name = test.param;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace infinipot
