#include "eval/longbench/metric_check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "infinipot/error.h"
#include "support/paths.h"
#include "support/temp_dir.h"

namespace infinipot::eval {
namespace {

TEST(MetricCheck, Every_official_score_of_7500_predictions_is_reproduced_bit_for_bit) {
    const auto folder = std::filesystem::path(data_folder()) / "metric-check";
    if (!std::filesystem::exists(folder)) {
        GTEST_SKIP() << "there is no official data in " << folder
                     << "; INFINIPOT_DATA_DIR names a folder that has metric-check";
    }
    const auto checked = check_metrics(folder);
    std::size_t n_items = 0;
    std::map<std::pair<std::string, std::string>, double> by_levenshtein;
    for (const CheckedTask& task : checked) {
        EXPECT_EQ(task.n_different, 0u) << task.run << ' ' << task.task;
        EXPECT_EQ(task.score, task.expected) << task.run << ' ' << task.task;
        n_items += task.n_items;
        by_levenshtein[{task.run, task.task}] = task.levenshtein;
    }
    EXPECT_EQ(checked.size(), 32u);
    EXPECT_EQ(n_items, 7500u);
    EXPECT_EQ((by_levenshtein[{"llama3-8b", "lcc"}]), 50.98);
    EXPECT_EQ((by_levenshtein[{"llama2-7b-chat", "lcc"}]), 56.88);
    EXPECT_EQ((by_levenshtein[{"llama3-8b", "repobench-p"}]), 49.24);
    EXPECT_EQ((by_levenshtein[{"llama2-7b-chat", "repobench-p"}]), 51.61);
}

class MetricCheckFolder : public testing::Test {
   protected:
    MetricCheckFolder() {
        std::filesystem::create_directories(folder_ / "run");
        folder_.write("run/expected.json", R"({"lcc": 62.5, "qasper": 50})");
        folder_.write("run/lcc.jsonl",
                      R"({"pred": "tide", "answers": ["diet"], "all_classes": null, "score": 0.25})"
                      "\n"
                      R"({"pred": "tide", "answers": ["tide"], "all_classes": null, "score": 1.0})"
                      "\n");
        folder_.write(
            "run/qasper.jsonl",
            R"({"pred": "wine", "answers": ["beer"], "all_classes": null, "score": 0.5})");
    }

    TempDir folder_;
};

TEST_F(MetricCheckFolder, Yields_the_scores_that_agree_and_those_that_differ) {
    const auto checked = check_metrics(folder_.path());
    ASSERT_EQ(checked.size(), 2u);
    EXPECT_EQ(checked[0].task, "qasper");
    EXPECT_EQ(checked[0].n_different, 1u);
    EXPECT_FALSE(checked[0].agrees());
    EXPECT_EQ(checked[1].run, "run");
    EXPECT_EQ(checked[1].n_items, 2u);
    EXPECT_EQ(checked[1].score, 62.5);
    EXPECT_EQ(checked[1].levenshtein, 75);
    EXPECT_TRUE(checked[1].agrees());
}

TEST_F(MetricCheckFolder, Reports_an_error_with_file_and_line) {
    folder_.write("run/qasper.jsonl", R"({"pred": "wine", "answers": ["beer"]})");
    try {
        check_metrics(folder_.path());
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("qasper.jsonl, line 1: there is no \"score\""),
                  std::string::npos)
            << error.what();
    }
    EXPECT_THROW(check_metrics(folder_ / "nowhere"), Error);
}

}  // namespace
}  // namespace infinipot::eval
