#pragma once

#include <span>
#include <string>
#include <string_view>

#include "eval/metrics/code_similarity.h"

/// The 16 English tasks of LongBench v1, each with its metric and its rules for prompt and
/// prediction. Source: Bai et al. 2024, arXiv 2308.14508; THUDM/LongBench, pred.py and eval.py.
namespace infinipot::eval {

enum class Metric { qa_f1, rouge_l, classification, retrieval, count, code_similarity };

struct LongBenchTask {
    std::string_view name;
    Metric metric;
    bool in_chat = true;         ///< the prompt is put into the model's chat template
    bool first_line = false;     ///< only the first line of the prediction counts
    bool ends_at_break = false;  ///< the answer ends at a line break, but has at least one token
};

/// Returns all tasks in the order in which papers show them.
std::span<const LongBenchTask> longbench_tasks();

/// Returns the task with a name.
/// @throws Error(invalid_argument) if there is none; the sentence names the nearest
const LongBenchTask& longbench_task(const std::string& name);

/// Returns the best score of the prediction over all answers, 0 to 1.
double longbench_score(const LongBenchTask& task, std::string_view prediction,
                       std::span<const std::string> answers,
                       std::span<const std::string> all_classes,
                       StringMatcher matcher = StringMatcher::difflib);

/// Returns the score of a task: the mean of the items' scores in per cent, rounded to two decimals
/// as Python does.
double longbench_task_score(std::span<const double> scores);

}  // namespace infinipot::eval
