#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/longbench/data.h"
#include "eval/run/experiment.h"
#include "eval/run/method.h"
#include "infinipot/infinipot.h"

/// The experiment of `infinipot eval longbench`: one item for each prompt.
namespace infinipot::eval {

struct LongBenchRun {
    std::string data;
    std::vector<std::string> tasks;
    int limit = 0;  ///< items of a task; 0: all
    std::uint32_t seed = 1;
    int max_length = 0;  ///< tokens of a prompt; 0: no limit, or the policy's
    std::string out;
    Method method;
};

/// One prompt.
struct LongBenchPrompt {
    const LongBenchTask* task;
    int max_tokens;  ///< of the answer
    LongBenchItem data;
    Experiment::Json settings;  ///< all that decide the result, and the "id"; see describe_all()
};

/// A prompt prepared for its session.
struct LongBenchTrial {
    Prompt prompt;
    int n_question_tokens = 0;
    int n_cut = 0;  ///< tokens that LongBench's truncation removed from the middle
    SessionOptions session;
    GenerateOptions generate;
};

/// Reads the prompts of all tasks, without their settings.
/// @throws as read_longbench()
std::vector<LongBenchPrompt> read_prompts(const LongBenchRun& run);

/// Fills in the settings of all prompts.
/// @throws as Session
void describe_all(std::vector<LongBenchPrompt>& prompts, const LongBenchRun& run,
                  const Model& model);

/// Returns the largest number of tokens of a prompt; 0 means no limit. A policy that reads only the
/// two ends of a text gets the ends of the whole prompt, as in LongBench, with as many tokens as
/// fit into the KV cache.
/// @param item has its settings
/// @throws Error(does_not_fit) if the answer leaves no room for a prompt
int longest_prompt(const LongBenchRun& run, const LongBenchPrompt& item, const Model& model,
                   const SessionOptions& options);

/// Cuts the prompt to its largest length and makes room for its question and the longest answer,
/// unless another reserve was asked for.
/// @param item has its settings
/// @throws as longest_prompt() and session_options()
LongBenchTrial prepare(const LongBenchRun& run, const LongBenchPrompt& item, const Model& model);

/// Returns the items. They refer to all four arguments.
/// @param prompts have their settings
std::vector<ExperimentItem> longbench_items(const LongBenchRun& run,
                                            const std::vector<LongBenchPrompt>& prompts,
                                            const Model& model, Host& host);

/// Returns the scores of the tasks, in the order of papers, and their mean. Items with errors have
/// no score.
std::string longbench_table(const std::vector<ExperimentItem>& items, const Experiment& experiment);

}  // namespace infinipot::eval
