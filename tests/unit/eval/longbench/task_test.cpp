#include "eval/longbench/task.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

using Texts = std::vector<std::string>;

double score(const char* task, const char* prediction, const Texts& answers,
             const Texts& classes = {}, StringMatcher matcher = StringMatcher::difflib) {
    return longbench_score(longbench_task(task), prediction, answers, classes, matcher);
}

TEST(LongBenchTask, Has_sixteen_rows_of_which_five_use_no_chat_template) {
    EXPECT_EQ(longbench_tasks().size(), 16u);
    Texts raw;
    for (const LongBenchTask& task : longbench_tasks()) {
        if (!task.in_chat) raw.emplace_back(task.name);
    }
    EXPECT_EQ(raw, (Texts{"trec", "triviaqa", "samsum", "lcc", "repobench-p"}));
}

TEST(LongBenchTask, Ends_at_a_line_break_only_for_samsum) {
    for (const LongBenchTask& task : longbench_tasks()) {
        EXPECT_EQ(task.ends_at_break, task.name == "samsum") << task.name;
    }
}

TEST(LongBenchTask, Suggests_the_nearest_name_for_a_misspelt_one) {
    try {
        longbench_task("qasber");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        EXPECT_STREQ(error.what(),
                     "LongBench has no English task \"qasber\"; did you mean qasper?");
    }
    EXPECT_THROW(longbench_task("vcsum"), Error);  // Chinese
}

TEST(LongBenchScore, Is_the_best_over_all_answers) {
    EXPECT_EQ(score("qasper", "red wine", {"beer", "red wine", "wine"}), 1);
    EXPECT_EQ(score("qasper", "red wine", {"beer", "wine"}), 0.6666666666666666);
}

TEST(LongBenchScore, Uses_only_the_first_line_in_three_tasks) {
    for (const char* task : {"trec", "triviaqa", "samsum"}) {
        const Texts classes = {"Food", "City"};
        const double best = longbench_task(task).metric == Metric::rouge_l ? 0.999999995 : 1;
        EXPECT_EQ(score(task, "\n\nFood\nCity", {"Food"}, classes), best) << task;
        EXPECT_EQ(score(task, " \nFood", {"Food"}, classes), 0) << task;  // a line of one blank
        EXPECT_EQ(score(task, "\n", {"Food"}, classes), 0) << task;
    }
    EXPECT_LT(score("qasper", "Food\nCity", {"Food"}), 1);
}

TEST(LongBenchScore, Uses_the_metric_of_its_task) {
    EXPECT_EQ(score("gov_report", "a b a b", {"a b"}), 0.999999995);
    EXPECT_EQ(score("passage_count", "7 or 8", {"7"}), 0.5);
    EXPECT_EQ(score("passage_retrieval_en", "Paragraph 7", {"Paragraph 7"}), 1);
    EXPECT_EQ(score("lcc", "tide", {"diet"}), 0.25);
    EXPECT_EQ(score("repobench-p", "tide", {"diet"}, {}, StringMatcher::levenshtein), 0.5);
}

TEST(LongBenchTaskScore, Is_the_mean_in_percent_rounded_as_in_Python) {
    EXPECT_EQ(longbench_task_score(std::vector<double>{1, 0, 0}), 33.33);
    EXPECT_EQ(longbench_task_score(std::vector<double>{1, 1, 0}), 66.67);
    EXPECT_EQ(longbench_task_score(std::vector<double>{0.00125}), 0.12);  // 0.125, to the even
    EXPECT_EQ(longbench_task_score(std::vector<double>{0.02675}), 2.67);  // 2.675 is a bit less
    EXPECT_EQ(longbench_task_score({}), 0);
}

}  // namespace
}  // namespace infinipot::eval
