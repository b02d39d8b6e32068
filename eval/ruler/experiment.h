#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/ruler/task.h"
#include "eval/run/experiment.h"
#include "eval/run/method.h"
#include "infinipot/infinipot.h"

/// The experiment of `infinipot eval ruler`: some items for each mode, length and task.
namespace infinipot::eval {

/// The catalyst of the texts: the method's own, the question, another one than the question, or
/// both of the last two, one after the other.
enum class RulerMode { as_asked, query_aware, query_agnostic, both };

struct RulerRun {
    std::string data;
    std::string haystack;
    std::string longbench;
    std::vector<std::string> tasks;
    std::vector<int> lengths = {4096};
    int n_items = 10;  ///< items for each task and length
    std::uint32_t seed = 1;
    RulerMode mode = RulerMode::as_asked;
    std::string out;
    Method method;
};

/// One way to read all texts.
struct RulerReading {
    Method method;
    Experiment::Json described;  ///< the settings that all items share; see describe_prompts()
};

/// Checks the settings.
/// @throws Error(invalid_argument) if a file that the tasks need is not named, or a task is unknown
void check(const RulerRun& run);

/// Reads the data of all tasks.
/// @throws as read_word_lists(), read_haystack() and read_questions()
RulerData read_ruler_data(const RulerRun& run);

/// Returns the ways to read that the mode selects. RulerMode::both selects two if the policy
/// supports both.
/// @throws Error(invalid_argument) if the policy does not support the mode
std::vector<RulerReading> ruler_readings(const RulerRun& run, const Model& model);

/// Returns the options of the session for one item, with a reserve for the question and the longest
/// answer unless the method names another.
SessionOptions options_for(const RulerItem& item, const RulerReading& reading, const Model& model);

/// Returns the items. They refer to all arguments except `run`.
std::vector<ExperimentItem> ruler_items(const RulerRun& run, const RulerData& data,
                                        const std::vector<RulerReading>& readings,
                                        const Model& model, Host& host);

/// Returns the scores of one way to read, a row for each task and a column for each length.
std::string ruler_table(const RulerRun& run, const RulerReading& reading,
                        const std::vector<ExperimentItem>& items, const Experiment& experiment);

}  // namespace infinipot::eval
