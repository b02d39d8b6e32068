#include "eval/run/comparison.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

using Items = std::vector<ScoredItem>;

TEST(Compare, Pairs_items_by_group_and_name_and_drops_unpaired_ones) {
    const Items a = {{"x", "1", 0.2}, {"x", "2", 0.4}, {"x", "3", 1}, {"y", "1", 0}};
    const Items b = {{"x", "2", 0.8}, {"x", "1", 0.4}, {"z", "1", 1}};
    const auto differences = compare(a, b, 100, 1);
    ASSERT_EQ(differences.size(), 1u);
    EXPECT_EQ(differences[0].group, "x");
    EXPECT_EQ(differences[0].n_items, 2);
    EXPECT_NEAR(differences[0].a, 0.3, 1e-12);
    EXPECT_NEAR(differences[0].b, 0.6, 1e-12);
    EXPECT_NEAR(differences[0].low, 0.2, 1e-12);
    EXPECT_NEAR(differences[0].high, 0.4, 1e-12);
}

TEST(Compare, Averages_over_groups_and_not_over_items) {
    // Differences 1 in x; 0, 0, 0 in y.
    const Items a = {{"x", "1", 0}, {"y", "1", 1}, {"y", "2", 1}, {"y", "3", 1}};
    const Items b = {{"x", "1", 1}, {"y", "1", 1}, {"y", "2", 1}, {"y", "3", 1}};
    const auto differences = compare(a, b, 50, 1);
    ASSERT_EQ(differences.size(), 3u);
    EXPECT_EQ(differences[2].group, "mean");
    EXPECT_EQ(differences[2].n_items, 4);
    EXPECT_DOUBLE_EQ(differences[2].b - differences[2].a, 0.5);
    EXPECT_DOUBLE_EQ(differences[2].low, 0.5);
    EXPECT_DOUBLE_EQ(differences[2].high, 0.5);
}

TEST(Compare, Gives_bounds_of_the_middle_95_percent_of_sample_means) {
    // 100 pairs that differ by 0 or 1, half of each: the mean of a sample is binomial, 0.5 +- 0.05.
    Items a, b;
    for (int i = 0; i < 100; ++i) {
        a.push_back({"x", std::to_string(i), 0});
        b.push_back({"x", std::to_string(i), i % 2 == 0 ? 1.0 : 0.0});
    }
    const Difference difference = compare(a, b, 20'000, 7).front();
    EXPECT_NEAR(difference.low, 0.5 - 1.96 * 0.05, 0.011);
    EXPECT_NEAR(difference.high, 0.5 + 1.96 * 0.05, 0.011);
}

TEST(Compare, Gives_a_group_bounds_that_do_not_depend_on_other_groups) {
    const Items x_a = {{"x", "1", 0}, {"x", "2", 0}}, x_b = {{"x", "1", 0}, {"x", "2", 1}};
    Items a = x_a, b = x_b;
    a.insert(a.begin(), {"w", "1", 0});
    b.insert(b.begin(), {"w", "1", 1});
    EXPECT_EQ(compare(x_a, x_b, 100, 3)[0].low, compare(a, b, 100, 3)[1].low);
}

class Methods : public testing::Test {
   protected:
    Methods() : path_(testing::TempDir() + "methods.jsonl") {}
    ~Methods() override { std::remove(path_.c_str()); }

    std::vector<MethodResults> read(const std::string& lines) const {
        std::ofstream(path_) << lines;
        return read_methods(path_);
    }

    std::string path_;
};

TEST_F(Methods, Differ_if_a_setting_that_decides_the_result_differs) {
    const auto methods = read(
        R"({"task":"passkey","policy":"tova","budget":{"capacity":9,"retain":4},"format":"f","length":8,"depth":0.1,"key_index":0,"seed":1,"found":true}
{"task":"passkey","policy":"tova","budget":{"capacity":9,"retain":4},"format":"f","length":8,"depth":0.5,"key_index":0,"seed":1,"found":false}
{"task":"passkey","policy":"swa","budget":{"capacity":9,"retain":4,"fill":true},"focus":"automatic","format":"f","length":8,"depth":0.5,"key_index":0,"seed":1,"error":"x"}
)");
    ASSERT_EQ(methods.size(), 2u);
    EXPECT_EQ(methods[0].name, "tova:value_norm=none, capacity 9, retain 4");
    ASSERT_EQ(methods[0].items.size(), 2u);
    EXPECT_EQ(methods[0].items[0].group, "f, 8");
    EXPECT_EQ(methods[0].items[0].score, 1);
    EXPECT_EQ(methods[0].items[1].score, 0);
    EXPECT_NE(methods[0].items[0].item, methods[0].items[1].item);
    EXPECT_EQ(methods[1].name, "swa, capacity 9, retain 4, filled at the end, focus automatic");
    EXPECT_TRUE(methods[1].items.empty());
}

TEST_F(Methods, Are_refused_with_the_line_if_the_file_is_of_another_kind) {
    try {
        read(
            "{\"task\":\"needle\",\"policy\":\"tova\"}\n{\"task\":\"perplexity\",\"policy\":"
            "\"tova\"}\n");
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("line 2"), std::string::npos) << error.what();
    }
    EXPECT_THROW(read_methods("/nowhere.jsonl"), Error);
}

}  // namespace
}  // namespace infinipot::eval
