#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "eval/ruler/data.h"
#include "eval/ruler/item.h"
#include "eval/ruler/score.h"

/// RULER: tasks with generated texts of any length, which test how much of a long text a model
/// uses. Source: Hsieh et al. 2024, arXiv 2404.06654; NVIDIA/RULER, commit c3f5e3b.
namespace infinipot::eval {

struct RulerTask {
    std::string_view name;
    int max_tokens;  ///< of an answer
    RulerMetric metric = RulerMetric::share_found;
    bool wants_haystack = false;
    std::string_view dataset = {};  ///< dataset of its questions; empty: it needs none
    RulerItem (*make)(const RulerTask& task, const ItemSpec& spec, std::size_t index,
                      const RulerData& data);
};

/// Returns the tasks in RULER's order: eleven that need no data of others, and stand-ins for the
/// other two.
std::span<const RulerTask> ruler_tasks();

/// Returns the task with a name.
/// @throws Error(invalid_argument) if there is none; the sentence names the nearest
const RulerTask& ruler_task(const std::string& name);

/// The settings of one item of a task.
struct RulerSettings {
    int length = 4096;  ///< tokens of prompt and answer together
    int index = 0;      ///< index of the question, for tasks with a dataset
    std::uint32_t seed = 1;
};

/// Returns the item. Equal settings return equal items. Items of one task, index and seed hide the
/// same facts at every length, as far as these fit.
/// @throws Error(does_not_fit) if the shortest prompt does not fit the length
RulerItem make_ruler_item(const RulerTask& task, const RulerSettings& settings,
                          const RulerData& data, const TokenCounter& n_tokens);

}  // namespace infinipot::eval
