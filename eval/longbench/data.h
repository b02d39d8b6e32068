#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "eval/longbench/prompt.h"
#include "eval/longbench/task.h"

namespace infinipot::eval {

struct LongBenchItem {
    std::string id;  ///< unique within its task
    Prompt prompt = {};
    std::vector<std::string> answers = {};
    std::vector<std::string> all_classes = {};  ///< of trec
    int length = 0;                             ///< in words, as the data says
};

/// One task of LongBench. The folder of data has it in `config/dataset2prompt.json`,
/// `config/dataset2maxlen.json` and `data/TASK.jsonl`.
struct LongBenchData {
    const LongBenchTask* task;
    int max_tokens = 0;  ///< of an answer
    std::vector<LongBenchItem> items;
};

/// Reads one task from a folder of LongBench.
/// @throws Error(file_error) or Error(bad_text) naming the file, the line and what is wrong with it
LongBenchData read_longbench(const std::filesystem::path& folder, const LongBenchTask& task);

/// Returns the tasks whose data the folder has.
/// @throws Error(file_error) if there are none
std::vector<const LongBenchTask*> longbench_tasks_in(const std::filesystem::path& folder);

/// Returns at most `n` of the items, in their order. The seed and the items' ids decide which, so
/// that all methods get the same. A larger `n` adds items to those of a smaller one.
std::vector<LongBenchItem> sample(std::vector<LongBenchItem> items, std::size_t n,
                                  std::uint32_t seed);

}  // namespace infinipot::eval
