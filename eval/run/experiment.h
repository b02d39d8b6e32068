#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "eval/run/host.h"
#include "eval/run/results.h"

/// Experiments of many items. Each item becomes one line of a file of results. An experiment that
/// was killed continues when it is started again. If an item fails, its error is written down and
/// the others are measured.
namespace infinipot::eval {

/// One item to be measured.
struct ExperimentItem {
    Results::Json settings;  ///< all settings that decide the result, and the "id" made of them
    std::string name;        ///< for people: "length 4096, depth 0.50"
    double size = 1;         ///< amount of work, in a unit that all items share
    /// Adds the measurements to a copy of the settings. Called from several threads at one time.
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
    /// @param is_whole returns whether a result has all members that are read back; results with an
    /// error need not
    /// @param host outlives the experiment
    /// @throws Error(file_error) naming the line that is not a result
    Experiment(std::string out, const std::function<bool(const Json&)>& is_whole, Host& host);

    /// Measures the items that have no result yet, `n_parallel` at one time on threads of their
    /// own. Tells the host one line for each, with the expected time of the rest. An error of an
    /// item becomes the "error" of its result, unless the machine caused it.
    /// @param outcome returns the result in a few words
    /// @throws Error(interrupted) that says how many items are done and whether a new run can
    /// continue
    /// @throws Error(does_not_fit) if all items have errors, after writing them down
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
