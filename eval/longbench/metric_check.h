#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace infinipot::eval {

/// The scores of our metrics and of the official ones, on one task of one run.
struct CheckedTask {
    std::string run;
    std::string task;
    std::size_t n_items = 0;
    std::size_t n_different = 0;  ///< items whose score is not bit for bit the official one
    double expected = 0;          ///< the official score of the task
    double score = 0;             ///< ours
    double levenshtein = 0;       ///< ours, with the other matcher of code

    bool agrees() const { return n_different == 0 && score == expected; }
};

/// Scores the predictions of every run in a folder. The folder has a folder per run. A run has
/// `expected.json`, with the score of each task, and `TASK.jsonl`, with pred, answers, all_classes
/// and score of each item.
/// @throws Error(file_error) or Error(bad_text) naming file and line
std::vector<CheckedTask> check_metrics(const std::filesystem::path& folder);

}  // namespace infinipot::eval
