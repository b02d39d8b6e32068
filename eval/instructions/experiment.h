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

/// @param text the text behind each rule
std::vector<ExperimentItem> instructions_items(const InstructionsRun& run, const Model& model,
                                               const EndlessText& text, Host& host);

/// Returns a table with the number of answers that obeyed each rule, a line for each number of
/// distillations.
std::string instructions_table(const std::vector<ExperimentItem>& items,
                               const Experiment& experiment);

}  // namespace infinipot::eval
