#pragma once

#include <span>
#include <string>
#include <string_view>

#include "eval/metrics/code_similarity.h"

/// The 16 English tasks of LongBench v1 and their rules: which metric, and what is done with prompt
/// and prediction. Source: Bai et al. 2024, arXiv 2308.14508; THUDM/LongBench, pred.py and eval.py.
namespace infinipot::eval {

enum class Metric { qa_f1, rouge_l, classification, retrieval, count, code_similarity };

struct LongBenchTask {
    std::string_view name;
    Metric metric;
    bool in_chat = true;         ///< the prompt is put into the model's chat template
    bool first_line = false;     ///< of the prediction only the first line counts
    bool ends_at_break = false;  ///< the answer ends at a line break, but not before one token
};

/// In the order in which papers show them.
std::span<const LongBenchTask> longbench_tasks();

/// @throws Error(invalid_argument) for a task that there is not; the sentence names the nearest.
const LongBenchTask& longbench_task(const std::string& name);

/// 0 to 1: the best over all answers.
double longbench_score(const LongBenchTask& task, std::string_view prediction,
                       std::span<const std::string> answers,
                       std::span<const std::string> all_classes,
                       StringMatcher matcher = StringMatcher::difflib);

/// The score of a task: the mean of its items' in per cent, rounded to two decimals as Python does.
double longbench_task_score(std::span<const double> scores);

}  // namespace infinipot::eval
