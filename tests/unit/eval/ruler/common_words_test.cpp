#include "eval/ruler/common_words.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "infinipot/error.h"
#include "support/ruler_items.h"

namespace infinipot::eval {
namespace {

using namespace testing_ruler;

using Counts = std::map<std::string, int>;

/// Returns the count of each word in a list whose numbers are 1, 2, 3, ...
Counts counts_of(const std::string& list) {
    std::istringstream stream(list);
    std::string number, word;
    Counts counts;
    for (int i = 1; stream >> number >> word; ++i) {
        EXPECT_EQ(number, std::to_string(i) + '.');
        ++counts[word];
    }
    return counts;
}

/// Returns the number of words with this count.
std::map<int, int> words_by_count(const Counts& counts) {
    std::map<int, int> words;
    for (const auto& [word, count] : counts) ++words[count];
    return words;
}

constexpr const char* head =
    "Below is a numbered list of words. In these words, some appear more often than others. "
    "Memorize the ones that appear most often.";

TEST(CommonWords, Occur_thirty_times_among_words_that_occur_three_times) {
    const RulerItem item = make("cwe", 4096);
    const auto lines = lines_of(item.text);
    ASSERT_EQ(lines.size(), 5u);
    EXPECT_EQ(lines[3], head);
    const Counts counts = counts_of(lines[4]);
    ASSERT_EQ(item.references.size(), 10u);
    for (const std::string& word : item.references) EXPECT_EQ(counts.at(word), 30) << word;
    auto words = words_by_count(counts);
    EXPECT_EQ(words.size(), 2u);
    EXPECT_EQ(words[30], 10);
    EXPECT_GT(words[3], 100);
    EXPECT_EQ(item.question, "\nQuestion: What are the 10 most common words in the above list?");
    EXPECT_EQ(item.answer_prefix,
              " Answer: The top 10 words that appear most often in the list are:");
}

TEST(CommonWords, Occur_six_times_among_single_words_in_a_short_list) {
    const RulerItem item = make("cwe", 1000);
    const Counts counts = counts_of(lines_of(item.text).at(4));
    for (const std::string& word : item.references) EXPECT_EQ(counts.at(word), 6) << word;
    auto words = words_by_count(counts);
    EXPECT_EQ(words.size(), 2u);
    EXPECT_EQ(words[6], 10);
}

/// The words that the example's answer lists.
std::set<std::string> answered(const std::string& line) {
    const std::string before =
        "Question: What are the 10 most common words in the above list? Answer: The top 10 words "
        "that appear most often in the list are: ";
    EXPECT_TRUE(line.starts_with(before)) << line;
    std::set<std::string> words;
    for (const auto& [word, count] : counts_of(line.substr(before.size()))) words.insert(word);
    return words;
}

TEST(CommonWords, Begin_with_an_answered_example) {
    struct Case {
        int length, n_words, common, others;
    };
    for (const Case& of : {Case{4095, 20, 3, 1}, Case{4096, 40, 10, 3}}) {
        const auto lines = lines_of(make("cwe", of.length).text);
        EXPECT_EQ(lines[0], head);
        const Counts counts = counts_of(lines[1]);
        auto words = words_by_count(counts);
        EXPECT_EQ(words[of.common], 10) << of.length;
        EXPECT_EQ(words[of.others], of.n_words - 10) << of.length;
        const auto ten = answered(lines[2]);
        EXPECT_EQ(ten.size(), 10u);
        for (const std::string& word : ten) EXPECT_EQ(counts.at(word), of.common);
    }
}

TEST(CommonWords, End_with_the_lists) {
    const RulerItem item = make("cwe", 100'000);
    EXPECT_EQ(counts_of(lines_of(item.text).at(4)).size(), small_data().words.all.size());
}

TEST(CommonWords, Refuse_lists_of_too_few_words) {
    RulerData data = small_data();
    data.words.all.resize(39);
    try {
        make_ruler_item(ruler_task("cwe"), {}, data, count_words);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::file_error);
        EXPECT_STREQ(error.what(), "the word lists have 39 different words, and cwe wants 40");
    }
}

}  // namespace
}  // namespace infinipot::eval
