#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "eval/ruler/data.h"
#include "eval/ruler/item.h"
#include "eval/ruler/score.h"

/// RULER: tasks whose texts are made, of any length, to see how much of a long text a model makes
/// use of. Source: Hsieh et al. 2024, arXiv 2404.06654; NVIDIA/RULER, commit c3f5e3b.
namespace infinipot::eval {

struct RulerTask {
    std::string_view name;
    int max_tokens;  ///< of an answer
    RulerMetric metric = RulerMetric::share_found;
    bool wants_haystack = false;
    std::string_view dataset = {};  ///< whose questions it asks; empty: it asks its own
    RulerItem (*make)(const RulerTask& task, const ItemSpec& spec, std::size_t index,
                      const RulerData& data);
};

/// The eleven that need no data of others, and stand-ins for the other two; in RULER's order.
std::span<const RulerTask> ruler_tasks();

/// @throws Error(invalid_argument) for a task that there is not; the sentence names the nearest.
const RulerTask& ruler_task(const std::string& name);

/// Which item of a task.
struct RulerSettings {
    int length = 4096;  ///< tokens of prompt and answer together
    int index = 0;      ///< of a dataset's questions, which one
    std::uint32_t seed = 1;
};

/// Equal settings make equal items. Of one task the items of an index and a seed hide the same, as
/// far as they can, at every length.
/// @throws Error(does_not_fit) if not even the shortest prompt fits the length.
RulerItem make_ruler_item(const RulerTask& task, const RulerSettings& settings,
                          const RulerData& data, const TokenCounter& n_tokens);

}  // namespace infinipot::eval
