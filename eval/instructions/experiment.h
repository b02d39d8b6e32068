#pragma once

#include <string>
#include <vector>

#include "eval/run/experiment.h"
#include "eval/run/method.h"
#include "eval/text/endless_text.h"

/// The experiment of `infinipot eval instructions`: one item for each number of distillations and
/// each rule.
namespace infinipot::eval {

struct InstructionsRun {
    std::string file = "samples/sherlock-holmes.txt";
    std::vector<int> distillations = {0, 10, 50};
    std::string out;
    Method method;
};

/// Returns the session options of all items.
/// @throws as session_options()
SessionOptions instructions_options(const InstructionsRun& run);

/// Returns the items. They refer to all four arguments.
/// @param text what is read behind a rule
/// @throws Error(invalid_argument) if the schedule distils nothing while it reads
/// @throws as Session
std::vector<ExperimentItem> instructions_items(const InstructionsRun& run, const Model& model,
                                               const EndlessText& text, Host& host);

/// Returns a table of how often each rule was obeyed, a line for each number of distillations.
std::string instructions_table(const std::vector<ExperimentItem>& items,
                               const Experiment& experiment);

}  // namespace infinipot::eval
