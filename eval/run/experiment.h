#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "eval/run/host.h"
#include "eval/run/results.h"

/// Experiments of many items. Each item becomes one line of a file of results. An experiment that
/// was killed goes on when it is started again. The failure of one item is written down, and the
/// others are measured.
namespace infinipot::eval {

/// One item to be measured.
struct ExperimentItem {
    Results::Json settings;  ///< all that decide the result, and the "id" made of them
    std::string name;        ///< for people: "length 4096, depth 0.50"
    double size = 1;         ///< of the work, in a unit that all items share
    /// Adds what was measured to a copy of the settings. Several items may be measured at one time.
    std::function<void(Results::Json& result)> measure;
};

/// Returns the items without repetitions of an id.
std::vector<ExperimentItem> each_once(std::vector<ExperimentItem> items);

/// Returns whether a result has a number as its "score".
bool has_score(const Results::Json& result);

/// Returns the score of a result for people: "score 0.50".
std::string score_text(const Results::Json& result);

class Experiment {
   public:
    using Json = Results::Json;

    /// Reads the results that the file has already.
    /// @param out the file of results; empty: nothing is written
    /// @param is_whole whether a result has all that is read back of it; those with errors are.
    /// @param host outlives the experiment
    /// @throws Error(file_error) naming the line that is no result.
    Experiment(std::string out, const std::function<bool(const Json&)>& is_whole, Host& host);

    /// Measures the items that have no result yet, n_parallel at one time on threads of their own.
    /// The host is told one line for each, with the time that the rest will take. An error of one
    /// item that is not one of the machine becomes the "error" of its result.
    /// @param outcome what was found, in a few words
    /// @throws Error(interrupted) that says how far it came and whether it can go on from there
    /// @throws Error(does_not_fit) if all items have errors, when they have been written down
    void run(const std::vector<ExperimentItem>& items,
             const std::function<std::string(const Json& result)>& outcome, int n_parallel);

    /// Returns the result of an item, after run().
    Json result_of(const ExperimentItem& item) const;

   private:
    void check_measured(const std::vector<ExperimentItem>& items) const;

    Host& host_;
    std::string out_;
    Results results_;
};

}  // namespace infinipot::eval
