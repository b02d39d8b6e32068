#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "eval/run/results.h"
#include "options/session_flags.h"
#include "terminal/interrupt.h"

/// Experiments of many items, each of which becomes one line of a file of results. Killed and
/// started again, they go on; one item's failure is written down and the others are measured.
namespace infinipot::cli {

/// One item to be measured.
struct ExperimentItem {
    eval::Results::Json settings;  ///< all that decide the result, and the "id" made of them
    std::string name;              ///< as the progress calls it: "length 4096, depth 0.50"
    double size = 1;               ///< of the work, in a unit that all items share
    /// Adds to a copy of the settings what was measured.
    std::function<void(eval::Results::Json& result)> measure;
};

/// Each once, whatever was asked for twice.
std::vector<ExperimentItem> each_once(std::vector<ExperimentItem> items);

/// Whether a result has a "score" from 0 to 1, and what it is, in words.
bool has_score(const eval::Results::Json& result);
std::string score_text(const eval::Results::Json& result);

/// The options of every experiment: --out, its file of results, and --parallel.
void add_experiment_flags(CLI::App& app, std::string& out, SessionFlags& flags);

class Experiment {
   public:
    using Json = eval::Results::Json;

    /// Reads the results that the file has already. From here on Ctrl-C ends the experiment.
    /// @param is_whole whether a result has all that is read back of it; those with errors are.
    /// @throws Error(file_error) naming the line that is no result.
    Experiment(std::string out, const std::function<bool(const Json&)>& is_whole);

    /// Measures the items that have no result yet, n_parallel at one time on threads of their own,
    /// with a line of standard error for each, and the time that the items after it will take. What
    /// is wrong with one item and not with the machine becomes the "error" of its result.
    /// @param outcome what was found, in a few words
    /// @throws Error(interrupted) that says how far it came and whether it can go on from there
    /// @throws Error(does_not_fit) if all items have errors, when they have been written down
    void run(const std::vector<ExperimentItem>& items,
             const std::function<std::string(const Json& result)>& outcome, int n_parallel);

    /// After run().
    Json result_of(const ExperimentItem& item) const;

   private:
    void check_measured(const std::vector<ExperimentItem>& items) const;

    std::string out_;
    InterruptGuard interrupts_;
    eval::Results results_;
};

}  // namespace infinipot::cli
