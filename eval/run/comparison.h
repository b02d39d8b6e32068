#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// Whether one method is better than another, on the items that both have a score for.
namespace infinipot::eval {

/// One item of an experiment and how a method did on it.
struct ScoredItem {
    std::string group;  ///< what is averaged first: a task, a length
    std::string item;   ///< equal for the same item of two methods
    double score;       ///< 0 to 1
};

/// All that a file of results has of one method.
struct MethodResults {
    std::string experiment;  ///< such as "needle"
    std::string name;        ///< what tells it from others, in words
    std::vector<ScoredItem> items;
};

/// The methods of a file that an experiment wrote, in their order. Items with an error have no
/// score and are left out.
/// @throws Error(file_error) naming the line that is no result of an experiment that scores items
std::vector<MethodResults> read_methods(const std::filesystem::path& path);

/// Scores of two methods on the same items.
struct Difference {
    std::string group;
    int n_items;
    double a, b;       ///< mean scores
    double low, high;  ///< of b - a: 95 % of bootstrap samples lie between
};

/// One for each group in which they have items in common, in a's order, and behind them, where
/// there are several, one for the mean of the groups. Samples of a group are drawn with replacement
/// from its pairs, and do not depend on which other groups there are.
std::vector<Difference> compare(const std::vector<ScoredItem>& a, const std::vector<ScoredItem>& b,
                                int n_samples, unsigned seed);

}  // namespace infinipot::eval
