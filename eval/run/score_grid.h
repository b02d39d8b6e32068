#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace infinipot::eval {

/// A table of scores: a row for each task, a column for each length, and the means.
class ScoreGrid {
   public:
    ScoreGrid(std::vector<std::string> tasks, std::vector<int> lengths)
        : tasks_(std::move(tasks)), lengths_(std::move(lengths)) {}

    void add(const std::string& task, int length, double score);  ///< score of one item, 0 to 1
    void add_error() { ++n_errors_; }                             ///< an item without a score

    /// Returns the table in per cent. A mean is left out if a task has no score.
    std::string text(const std::string& title) const;

   private:
    std::string score_text(const std::string& task, int length) const;
    std::string mean_text(int length) const;

    std::vector<std::string> tasks_;
    std::vector<int> lengths_;
    std::map<std::pair<std::string, int>, std::vector<double>> scores_;
    std::size_t n_errors_ = 0;
};

}  // namespace infinipot::eval
