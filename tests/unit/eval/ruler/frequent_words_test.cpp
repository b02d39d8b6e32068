#include "eval/ruler/frequent_words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "support/ruler_items.h"

namespace infinipot::eval {
namespace {

using namespace testing_ruler;

std::map<std::string, int> counts_of(const RulerItem& item) {
    const std::string head =
        "Read the following coded text and track the frequency of each coded word. Find the three "
        "most frequently appeared coded words. ";
    EXPECT_TRUE(item.text.starts_with(head));
    std::istringstream words(item.text.substr(head.size()));
    std::map<std::string, int> counts;
    for (std::string word; words >> word;) ++counts[word];
    return counts;
}

TEST(FrequentWords, Follow_a_zeta_distribution) {
    const RulerItem item = make("fwe", 5000);
    const auto counts = counts_of(item);
    std::vector<int> by_rank;
    for (const auto& [word, count] : counts) by_rank.push_back(count);
    std::ranges::sort(by_rank, std::greater());
    const double n = by_rank[0] * 1.6449340668;
    for (std::size_t k = 1; k <= 20; ++k) {
        EXPECT_NEAR(by_rank[k - 1], n / 1.6449340668 / static_cast<double>(k * k), 1) << k;
    }
    EXPECT_EQ(counts.at("..."), by_rank[0]) << "noise has rank 1";
    ASSERT_EQ(item.references.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(counts.at(item.references[i]), by_rank[i + 1]) << "rank " << i + 2;
    }
    EXPECT_GT(by_rank[3], by_rank[4]) << "nothing else is as frequent";
}

TEST(FrequentWords, Have_six_letters_and_at_most_one_kind_per_fifty_tokens) {
    const auto counts = counts_of(make("fwe", 1000));
    EXPECT_LE(counts.size(), 20u);
    EXPECT_GT(counts.size(), 15u);
    for (const auto& [word, count] : counts) {
        EXPECT_TRUE(std::regex_match(word, std::regex("[a-z]{6}|\\.\\.\\."))) << word;
    }
}

TEST(FrequentWords, Are_asked_for_in_the_words_of_RULER) {
    const RulerItem item = make("fwe");
    EXPECT_EQ(item.question,
              "\nQuestion: Do not provide any explanation. Please ignore the dots '....'. What are "
              "the three most frequently appeared words in the above coded text?");
    EXPECT_EQ(
        item.answer_prefix,
        " Answer: According to the coded text above, the three most frequently appeared words "
        "are:");
}

TEST(FrequentWords, Contain_three_clear_winners_even_in_the_shortest_text) {
    for (int length = 250; length < 400; length += 7) {
        const RulerItem item = make("fwe", length);
        auto counts = counts_of(item);
        counts.erase("...");
        int least = counts.at(item.references[2]);
        for (const std::string& word : item.references) counts.erase(word);
        for (const auto& [word, count] : counts) EXPECT_LT(count, least) << length;
    }
}

}  // namespace
}  // namespace infinipot::eval
