#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// Compares two methods on the items for which both have a score.
namespace infinipot::eval {

/// One item of an experiment and its score with one method.
struct ScoredItem {
    std::string group;  ///< a task or length, whose items are averaged first
    std::string item;   ///< equal if two methods have the same item
    double score;       ///< 0 to 1
};

/// All results of one method in a file.
struct MethodResults {
    std::string experiment;  ///< such as "needle"
    std::string name;        ///< the settings that distinguish it from others, in words
    std::vector<ScoredItem> items;
};

/// Returns the methods of a file that an experiment wrote, in their order. Items with an error have
/// no score and are left out.
/// @throws Error(file_error) naming the line that is not a result of an experiment with scores
std::vector<MethodResults> read_methods(const std::filesystem::path& path);

/// The scores of two methods on the same items.
struct Difference {
    std::string group;
    int n_items;
    double a, b;       ///< mean scores
    double low, high;  ///< 95 % interval of b - a, from bootstrap samples
};

/// Returns a difference for each group in which both have items in common, in a's order. If there
/// are several groups, the last difference is that of their mean. Samples of a group are drawn with
/// replacement from its pairs, and do not depend on the other groups.
std::vector<Difference> compare(const std::vector<ScoredItem>& a, const std::vector<ScoredItem>& b,
                                int n_samples, unsigned seed);

}  // namespace infinipot::eval
