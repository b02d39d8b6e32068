#include "eval/ruler/niah.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "infinipot/error.h"
#include "support/ruler_items.h"

namespace infinipot::eval {
namespace {

using namespace testing_ruler;

struct Needle {
    std::string kind;
    std::string key;
    std::string value;
    std::size_t at;  ///< where it stands in the text
};

std::vector<Needle> needles_in(const std::string& text) {
    static const std::regex needle(
        "One of the special magic (words|numbers|uuids) for (\\S+) is: (\\S+)\\.");
    std::vector<Needle> needles;
    for (std::sregex_iterator at(text.begin(), text.end(), needle), end; at != end; ++at) {
        needles.push_back({(*at)[1], (*at)[2], (*at)[3], static_cast<std::size_t>(at->position())});
    }
    return needles;
}

constexpr const char* word = "adj[0-9]+-noun[0-9]+";
constexpr const char* number = "[1-9][0-9]{6}";
constexpr const char* uuid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

bool matches(const std::string& text, const char* pattern) {
    return std::regex_match(text, std::regex(pattern));
}

struct Expected {
    const char* task;
    std::size_t n_needles;  ///< 0: the haystack is made of them
    std::size_t n_keys;
    std::size_t n_references;
    const char* kind;
    const char* key;
    const char* value;
};

class NiahTask : public testing::TestWithParam<Expected> {};

TEST_P(NiahTask, Hides_each_needle_once_and_asks_for_its_value) {
    const Expected& expected = GetParam();
    for (int index = 0; index < 5; ++index) {
        const RulerItem item = make(expected.task, 2000, index);
        const auto needles = needles_in(item.text);
        const std::size_t n_lines = lines_of(item.text).size() - 1;  // but for the first
        EXPECT_EQ(needles.size(), expected.n_needles > 0 ? expected.n_needles : n_lines);
        std::set<std::string> keys, values, asked;
        for (const Needle& needle : needles) {
            EXPECT_EQ(needle.kind, expected.kind);
            EXPECT_TRUE(matches(needle.key, expected.key)) << needle.key;
            EXPECT_TRUE(matches(needle.value, expected.value)) << needle.value;
            keys.insert(needle.key);
            EXPECT_TRUE(values.insert(needle.value).second) << "twice: " << needle.value;
            if (has(item.question, ' ' + needle.key + ' ') ||
                has(item.question, ' ' + needle.key + ',')) {
                asked.insert(needle.value);
            }
        }
        EXPECT_EQ(keys.size(), expected.n_keys > 0 ? expected.n_keys : needles.size());
        EXPECT_EQ(item.references.size(), expected.n_references);
        EXPECT_EQ(std::set(item.references.begin(), item.references.end()), asked);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Ruler, NiahTask,
    testing::Values(Expected{"niah_single_1", 1, 1, 1, "numbers", word, number},
                    Expected{"niah_single_2", 1, 1, 1, "numbers", word, number},
                    Expected{"niah_single_3", 1, 1, 1, "uuids", word, uuid},
                    Expected{"niah_multikey_1", 4, 4, 1, "numbers", word, number},
                    Expected{"niah_multikey_2", 0, 0, 1, "numbers", word, number},
                    Expected{"niah_multikey_3", 0, 0, 1, "uuids", uuid, uuid},
                    Expected{"niah_multivalue", 4, 1, 4, "numbers", word, number},
                    Expected{"niah_multiquery", 4, 4, 4, "numbers", word, number}),
    [](const auto& test) { return std::string(test.param.task); });

TEST(Niah, Asks_for_one_value_in_the_singular) {
    const RulerItem item = make("niah_single_1");
    const Needle needle = needles_in(item.text).at(0);
    EXPECT_TRUE(item.text.starts_with(
        "A special magic number is hidden within the following text. Make sure to memorize it. I "
        "will quiz you about the number afterwards.\n"));
    EXPECT_EQ(item.question, "\nWhat is the special magic number for " + needle.key +
                                 " mentioned in the provided text?");
    EXPECT_EQ(item.answer_prefix,
              " The special magic number for " + needle.key + " mentioned in the provided text is");
    EXPECT_EQ(item.references, std::vector{needle.value});
}

TEST(Niah, Asks_for_many_values_in_the_plural) {
    const RulerItem values = make("niah_multivalue");
    const std::string key = needles_in(values.text).at(0).key;
    EXPECT_TRUE(values.text.starts_with(
        "Some special magic numbers are hidden within the following text. Make sure to memorize "
        "it. I will quiz you about the numbers afterwards.\n"));
    EXPECT_EQ(values.question, "\nWhat are all the special magic numbers for " + key +
                                   " mentioned in the provided text?");
    EXPECT_EQ(values.answer_prefix,
              " The special magic numbers for " + key + " mentioned in the provided text are");

    const std::string four =
        "\nWhat are all the special magic numbers for (\\S+), (\\S+), (\\S+), and (\\S+) mentioned "
        "in the provided text\\?";
    EXPECT_TRUE(matches(make("niah_multiquery").question, four.c_str()));
}

TEST(Niah, Asks_for_any_of_several_keys_at_any_depth) {
    std::set<std::size_t> places;
    for (int index = 0; index < 30; ++index) {
        const RulerItem item = make("niah_multikey_1", 1000, index);
        const auto needles = needles_in(item.text);
        for (std::size_t i = 0; i < needles.size(); ++i) {
            if (needles[i].value == item.references[0]) places.insert(i);
        }
    }
    EXPECT_EQ(places, (std::set<std::size_t>{0, 1, 2, 3}));
}

/// Sentences of the haystack before the needle.
std::size_t depth_of(const Needle& needle, const std::string& text) {
    return count_of(text.substr(0, needle.at), "Here stands sentence");
}

TEST(Niah, Puts_needles_at_different_ones_of_forty_depths) {
    std::set<std::size_t> depths;
    for (int index = 0; index < 100; ++index) {
        const RulerItem item = make("niah_multiquery", 2000, index);
        const std::size_t n = count_of(item.text, "Here stands sentence");
        std::set<std::size_t> of_item;
        for (const Needle& needle : needles_in(item.text)) {
            EXPECT_TRUE(of_item.insert(depth_of(needle, item.text)).second);
        }
        std::set<std::size_t> forty;
        for (int i = 0; i < 40; ++i) {
            const double per_cent = std::round(i * 100.0 / 39);
            forty.insert(static_cast<std::size_t>(static_cast<double>(n) * (per_cent / 100)));
        }
        for (const std::size_t depth : of_item) {
            EXPECT_TRUE(forty.contains(depth)) << depth << " of " << n;
        }
        depths.insert(of_item.begin(), of_item.end());
    }
    EXPECT_EQ(depths.size(), 40u);
    EXPECT_TRUE(depths.contains(0)) << "the beginning is one of them";
}

TEST(Niah, Puts_needles_between_sentences_and_leaves_the_essay_whole) {
    const RulerItem item = make("niah_single_2");
    const Needle needle = needles_in(item.text).at(0);
    std::string essay = lines_of(item.text).at(1);
    const std::string hidden =
        "One of the special magic numbers for " + needle.key + " is: " + needle.value + ".";
    const std::size_t at = essay.find(hidden);
    ASSERT_NE(at, std::string::npos);
    essay.erase(at, hidden.size() + 1);
    std::string expected;
    for (const std::string& sentence : Haystack(numbered_sentences(100)).sentences(2000)) {
        expected += (expected.empty() ? "" : " ") + sentence;
    }
    EXPECT_TRUE(expected.starts_with(essay));
    EXPECT_TRUE(at == 0 || essay.substr(0, at).ends_with(". ")) << "not inside a sentence";
}

TEST(Niah, Repeats_one_line_as_noise) {
    const RulerItem item = make("niah_single_1");
    auto lines = lines_of(item.text);
    lines.erase(lines.begin());
    EXPECT_EQ(std::ranges::count(lines, noise_line), static_cast<long>(lines.size()) - 1);
}

TEST(Niah, Hides_the_same_needles_at_every_length) {
    for (const char* task : {"niah_single_1", "niah_multikey_3", "niah_multiquery"}) {
        EXPECT_EQ(make(task, 500).references, make(task, 3000).references) << task;
        EXPECT_EQ(make(task, 500).question, make(task, 3000).question) << task;
    }
}

TEST(Niah, Refuses_lists_of_too_few_words) {
    RulerData data = small_data();
    data.words.adjectives = {"red"};
    data.words.nouns = {"cat", "dog", "sun"};
    try {
        make_ruler_item(ruler_task("niah_multiquery"), {}, data, count_words);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::file_error);
        EXPECT_TRUE(std::string(error.what()).starts_with("the word lists have too few words"));
    }
}

}  // namespace
}  // namespace infinipot::eval
