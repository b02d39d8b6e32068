#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "eval/longbench/prompt.h"
#include "eval/longbench/task.h"

namespace infinipot::eval {

struct LongBenchItem {
    std::string id;  ///< unlike that of any other item of its task
    Prompt prompt = {};
    std::vector<std::string> answers = {};
    std::vector<std::string> all_classes = {};  ///< of trec
    int length = 0;                             ///< in words, as the data says
};

/// One task as a folder of LongBench has it: `config/dataset2prompt.json`,
/// `config/dataset2maxlen.json` and `data/TASK.jsonl`.
struct LongBenchData {
    const LongBenchTask* task;
    int max_tokens = 0;  ///< of an answer
    std::vector<LongBenchItem> items;
};

/// @throws Error(file_error) or Error(bad_text) naming the file, the line and what is wrong with
/// it.
LongBenchData read_longbench(const std::filesystem::path& folder, const LongBenchTask& task);

/// The tasks whose data the folder has.
/// @throws Error(file_error) if there are none.
std::vector<const LongBenchTask*> longbench_tasks_in(const std::filesystem::path& folder);

/// At most `n` of the items, in their order: those whose ids a seed prefers. The same for every
/// method, and with a larger n the same and others.
std::vector<LongBenchItem> sample(std::vector<LongBenchItem> items, std::size_t n,
                                  std::uint32_t seed);

}  // namespace infinipot::eval
