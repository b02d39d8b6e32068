#include "eval/longbench/task.h"

#include <algorithm>
#include <vector>

#include "base/nearest.h"
#include "eval/metrics/classification.h"
#include "eval/metrics/count.h"
#include "eval/metrics/mean_per_cent.h"
#include "eval/metrics/qa_f1.h"
#include "eval/metrics/retrieval.h"
#include "eval/metrics/rouge_l.h"
#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

constexpr LongBenchTask tasks[] = {
    {.name = "narrativeqa", .metric = Metric::qa_f1},
    {.name = "qasper", .metric = Metric::qa_f1},
    {.name = "multifieldqa_en", .metric = Metric::qa_f1},
    {.name = "hotpotqa", .metric = Metric::qa_f1},
    {.name = "2wikimqa", .metric = Metric::qa_f1},
    {.name = "musique", .metric = Metric::qa_f1},
    {.name = "gov_report", .metric = Metric::rouge_l},
    {.name = "qmsum", .metric = Metric::rouge_l},
    {.name = "multi_news", .metric = Metric::rouge_l},
    {.name = "trec", .metric = Metric::classification, .in_chat = false, .first_line = true},
    {.name = "triviaqa", .metric = Metric::qa_f1, .in_chat = false, .first_line = true},
    {.name = "samsum",
     .metric = Metric::rouge_l,
     .in_chat = false,
     .first_line = true,
     .ends_at_break = true},
    {.name = "passage_count", .metric = Metric::count},
    {.name = "passage_retrieval_en", .metric = Metric::retrieval},
    {.name = "lcc", .metric = Metric::code_similarity, .in_chat = false},
    {.name = "repobench-p", .metric = Metric::code_similarity, .in_chat = false},
};

/// Returns the first line that is not empty.
std::string_view first_line(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of('\n'), text.size()));
    return text.substr(0, text.find('\n'));
}

double score_one(Metric metric, std::string_view prediction, std::string_view answer,
                 std::span<const std::string> all_classes, StringMatcher matcher) {
    switch (metric) {
        case Metric::qa_f1:
            return qa_f1(prediction, answer);
        case Metric::rouge_l:
            return rouge_l(prediction, answer);
        case Metric::classification:
            return classification(prediction, answer, all_classes);
        case Metric::retrieval:
            return retrieval(prediction, answer);
        case Metric::count:
            return count_share(prediction, answer);
        case Metric::code_similarity:
            return code_similarity(prediction, answer, matcher);
    }
    return 0;
}

}  // namespace

std::span<const LongBenchTask> longbench_tasks() { return tasks; }

const LongBenchTask& longbench_task(const std::string& name) {
    const auto found = std::ranges::find(tasks, name, &LongBenchTask::name);
    if (found != std::end(tasks)) return *found;
    std::vector<std::string> names;
    for (const LongBenchTask& task : tasks) names.emplace_back(task.name);
    const auto meant = nearest(name, names);
    throw Error(
        ErrorCode::invalid_argument,
        "LongBench has no English task \"" + name + '"' +
            (meant ? "; did you mean " + *meant + "?"
                   : "; there are narrativeqa, qasper, multifieldqa_en, hotpotqa, 2wikimqa, "
                     "musique, gov_report, qmsum, multi_news, trec, triviaqa, samsum, "
                     "passage_count, passage_retrieval_en, lcc and repobench-p"));
}

double longbench_score(const LongBenchTask& task, std::string_view prediction,
                       std::span<const std::string> answers,
                       std::span<const std::string> all_classes, StringMatcher matcher) {
    if (task.first_line) prediction = first_line(prediction);
    double best = 0;
    for (const std::string& answer : answers) {
        best = std::max(best, score_one(task.metric, prediction, answer, all_classes, matcher));
    }
    return best;
}

double longbench_task_score(std::span<const double> scores) { return mean_per_cent(scores); }

}  // namespace infinipot::eval
